-- Whoever registered a client, was shown a secret of it or set its keys before this was told.
insert into outbox (id, type, subject, data)
select uuid7(), 'auth.client.entrusted.v1', given.client::text,
  json_build_object('id', given.client, 'person', given.person)
from (
  select distinct (data ->> 'client')::uuid as client, actor_id as person from audit
  where actor_kind = 'person' and (action in ('client.registered', 'client.secret_issued')
    or action = 'client.changed' and data::jsonb -> 'fields' ? 'public_keys')
) as given
