-- What roles that are no longer declared still have: objects and privileges in databases, and sessions.
select role.rolname as role,
       array(
           select distinct database.datname::text
           from pg_catalog.pg_shdepend as dependency
           join pg_catalog.pg_database as database on database.oid = dependency.dbid
           where dependency.refclassid = 'pg_catalog.pg_authid'::regclass and dependency.refobjid = role.oid
           order by 1)::text as databases,
       exists (
           select from pg_catalog.pg_stat_activity as activity where activity.usesysid = role.oid) as has_sessions
from pg_catalog.pg_roles as role
where role.rolname = any($1::text[])
order by 1
