-- What roles that are no longer declared still have: databases in which they own something or were granted something,
-- with all who own something there, as only owners can take back what they granted; and whether there are sessions.
with role as (
    select oid, rolname from pg_catalog.pg_roles where rolname = any($1::text[])
), place as (
    select distinct role.oid as role, dependency.dbid
    from role
    join pg_catalog.pg_shdepend as dependency
      on dependency.refclassid = 'pg_catalog.pg_authid'::regclass and dependency.refobjid = role.oid
    where dependency.dbid <> 0
)
select role.rolname as role, database.datname as database,
       array(
           select distinct pg_catalog.pg_get_userbyid(dependency.refobjid)::text
           from pg_catalog.pg_shdepend as dependency
           where dependency.refclassid = 'pg_catalog.pg_authid'::regclass and dependency.deptype = 'o'
             and dependency.dbid = place.dbid
           order by 1)::text as owners,
       exists (
           select from pg_catalog.pg_stat_activity as activity where activity.usesysid = role.oid) as has_sessions
from role
left join place on place.role = role.oid
left join pg_catalog.pg_database as database on database.oid = place.dbid
order by 1, 2
