-- For each item the entry, batch and learner made of it earlier, null where none has this content. A function, because a plan
-- that was made while there were few entries would go on reading all of them until the table is analysed.
create function recall_deposits(
  keys uuid[], payloads uuid[], out entries uuid[], out batches uuid[], out learners bigint[]
) language sql stable set enable_seqscan = off as $$
select array_agg(e.id order by k.n), array_agg(e.batch order by k.n), array_agg(e.learner order by k.n)
from unnest(keys, payloads) with ordinality as k (key, payload, n)
left join lateral (
  select id, batch, learner from entry where key_hash = k.key and payload_hash = k.payload limit 1) e on true
$$
