-- The server, and who asks.
select current_user as manager, current_database() as database,
       current_setting('server_version_num') as version
