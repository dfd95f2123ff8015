create function open_accounts(learners bigint[], schemes smallint[], wrapped_keys bytea[])
returns table (learner bigint, wrapped bytea)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_column
begin
  insert into shred_key (learner, wrapped)
    select distinct on (i.learner) i.learner, i.wrapped from unnest(learners, wrapped_keys) as i (learner, wrapped)
    order by i.learner
    on conflict do nothing;
  insert into account (learner, scheme, person)
    select i.learner, i.scheme, l.id from unnest(learners, schemes) as i (learner, scheme)
    join public.learner l on l.number = i.learner
    order by i.learner, i.scheme
    on conflict do nothing;
  return query select k.learner, k.wrapped from shred_key k where k.learner = any(learners);
end $$
