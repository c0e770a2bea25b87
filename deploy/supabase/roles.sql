-- The roles of Supabase's database that the other parts log in with: run once, by psql, when the data folder is new.
\set password `echo "$POSTGRES_PASSWORD"`
alter role authenticator with password :'password';
alter role supabase_auth_admin with password :'password';
alter role supabase_admin with password :'password';
