-- Who is a member of what. Options that older versions do not know come as null.
select granted.rolname as role, member.rolname as member, grantor.rolname as grantor,
       membership.admin_option as admin,
       (to_jsonb(membership) ->> 'inherit_option')::boolean as inherits,
       (to_jsonb(membership) ->> 'set_option')::boolean as sets
from pg_catalog.pg_auth_members as membership
join pg_catalog.pg_roles as granted on granted.oid = membership.roleid
join pg_catalog.pg_roles as member on member.oid = membership.member
left join pg_catalog.pg_roles as grantor on grantor.oid = membership.grantor
order by 1, 2, 3
