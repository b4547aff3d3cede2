-- Tables, views, materialized views, foreign tables and sequences of the given schemas; those of extensions are
-- theirs to manage.
select schema.nspname as schema, relation.relname as name, relation.relkind as kind,
       pg_catalog.pg_get_userbyid(relation.relowner) as owner, relation.relacl::text as acl
from pg_catalog.pg_class as relation
join pg_catalog.pg_namespace as schema on schema.oid = relation.relnamespace
where schema.nspname = any($1::text[])
  and relation.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  and not exists (
      select from pg_catalog.pg_depend as dependency
      where dependency.classid = 'pg_catalog.pg_class'::regclass
        and dependency.objid = relation.oid and dependency.deptype = 'e')
order by 1, 2
