-- `merged_into` always names a learner that is itself merged into none. `joined` is true of both sides: the books of
-- everybody else are read without looking for others.
alter table learner
  add column merged_into bigint,
  add column joined boolean not null default false,
  add column consent varchar not null default 'not-needed',
  add constraint ck_learner_consent check (consent in ('not-needed', 'missing', 'given', 'refused', 'withdrawn')),
  add constraint ck_learner_joined check (merged_into is null or joined)

create index ix_learner_merged_into on learner (merged_into) where merged_into is not null

-- ids of people who are no more: nothing leads from them to a book, and no late news makes them anew
create table erased_person (id uuid constraint pk_erased_person primary key)

create function cut_links(people uuid[]) returns setof bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  numbers bigint[] := array(select l.number from learner l where l.id = any(people) order by l.number);
begin
  -- Locked as writers lock them; sums, entries and commitments stay as they are. Without the key nobody can show what
  -- a commitment was made of, and the id that now stands for the person is a random one.
  perform from account a where a.learner = any(numbers) order by a.learner, a.scheme for no key update;
  delete from shred_key k where k.learner = any(numbers);
  update learner l set id = gen_random_uuid(), status = 'closed' where l.number = any(numbers);
  update account a set person = l.id from learner l where l.number = a.learner and a.learner = any(numbers);
  return query select unnest(numbers);
end $$
