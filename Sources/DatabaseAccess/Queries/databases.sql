-- All databases that can be connected to.
select datname as name, pg_catalog.pg_get_userbyid(datdba) as owner, datacl::text as acl
from pg_catalog.pg_database
where datallowconn
order by datname
