-- Functions, procedures and types of the given schemas; those of extensions are theirs to manage, and arrays and row
-- types belong to what they are made from.
select schema.nspname as schema, routine.proname as name,
       pg_catalog.pg_get_function_identity_arguments(routine.oid) as arguments, 'ROUTINE' as kind,
       pg_catalog.pg_get_userbyid(routine.proowner) as owner, routine.proacl::text as acl
from pg_catalog.pg_proc as routine
join pg_catalog.pg_namespace as schema on schema.oid = routine.pronamespace
where schema.nspname = any($1::text[]) and routine.prokind <> 'a'
  and not exists (
      select from pg_catalog.pg_depend as dependency
      where dependency.classid = 'pg_catalog.pg_proc'::regclass
        and dependency.objid = routine.oid and dependency.deptype = 'e')
union all
select schema.nspname, type.typname, null, 'TYPE', pg_catalog.pg_get_userbyid(type.typowner), type.typacl::text
from pg_catalog.pg_type as type
join pg_catalog.pg_namespace as schema on schema.oid = type.typnamespace
left join pg_catalog.pg_class as relation on relation.oid = type.typrelid
where schema.nspname = any($1::text[]) and type.typcategory <> 'A' and type.typtype <> 'p'
  and (type.typrelid = 0 or relation.relkind = 'c')
  and not exists (
      select from pg_catalog.pg_depend as dependency
      where dependency.classid = 'pg_catalog.pg_type'::regclass
        and dependency.objid = type.oid and dependency.deptype in ('e', 'i'))
order by 1, 4, 2, 3
