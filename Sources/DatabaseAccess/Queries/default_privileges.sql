-- What new objects get: for a creating role, in a schema or in all of them.
select pg_catalog.pg_get_userbyid(defaults.defaclrole) as creator, schema.nspname as schema,
       defaults.defaclobjtype as object_type, defaults.defaclacl::text as acl
from pg_catalog.pg_default_acl as defaults
left join pg_catalog.pg_namespace as schema on schema.oid = defaults.defaclnamespace
order by 1, 2 nulls first, 3
