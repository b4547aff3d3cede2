-- All schemas that are not the system's.
select nspname as name, pg_catalog.pg_get_userbyid(nspowner) as owner, nspacl::text as acl
from pg_catalog.pg_namespace
where nspname !~ '^pg_' and nspname <> 'information_schema'
order by nspname
