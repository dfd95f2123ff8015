-- One look-up for each call's first key, in what 0032_books.sql has: while a planner knew nothing of how many entries there
-- are, it read the keys of all of them at each call.
do $$
begin
  execute replace(pg_get_functiondef('prepare_deposits'::regproc), 'e.key_hash = c.first_key)', 'e.key_hash = c.first_key offset 0)');
end $$
