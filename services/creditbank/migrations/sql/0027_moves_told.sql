-- Tells others where a learner's credits are: the same move under one id by both nodes, of which the highest version
-- stays. The node they leave says `open`, then `settled` or `returned`, the one they come to `arrived`. Of the erased
-- nothing is told.
create function tell_move() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  now_is text := case when tg_table_name = 'arrival' then 'arrived' else to_jsonb(new) ->> 'state' end;
begin
  insert into outbox (id, type, subject, data)
  select uuid7(), 'creditbank.move.changed.v1', new.id, json_build_object('id', new.id,
    'version', case now_is when 'open' then 1 when 'arrived' then 2 else 3 end, 'learner', l.id,
    'from', new.statement::json ->> 'from', 'to', new.statement::json ->> 'to', 'state', now_is)
  from learner l where l.number = new.learner and new.statement is not null
    and exists (select from shred_key k where k.learner = l.number);
  return null;
end $$

create trigger tell_move after insert on arrival for each row execute function tell_move()

create trigger tell_move_begun after insert on departure for each row execute function tell_move()

create trigger tell_move_ended after update of state on departure for each row
  when (old.state <> new.state) execute function tell_move()
