-- All roles, with what they may do by themselves, whether they are shut out, and the role they act as from login.
select role.rolname as name, role.rolcanlogin as can_login, role.rolinherit as inherits,
       role.rolcreatedb as create_db, role.rolcreaterole as create_role, role.rolsuper as is_superuser,
       role.rolbypassrls as bypass_rls,
       role.rolconnlimit = 0 or coalesce(role.rolvaliduntil <= now(), false) as is_shut_out,
       (select substr(setting, 6) from unnest(role.rolconfig) as setting where setting like 'role=%' limit 1)
           as acts_as,
       (select substr(setting, 6)
        from pg_catalog.pg_db_role_setting as settings, unnest(settings.setconfig) as setting
        where settings.setrole = role.oid
          and settings.setdatabase =
              (select oid from pg_catalog.pg_database where datname = current_database())
          and setting like 'role=%'
        limit 1) as acts_as_in_database
from pg_catalog.pg_roles as role
order by role.rolname
