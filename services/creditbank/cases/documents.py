"""How cases are shown: SQL that builds their JSON."""

from typing import Final

# A dismissed case is over when nobody can appeal any more, an upheld one when it is put right as well.
_STATE: Final = """
case when r.state <> 'decided' then r.state
  when d.appeal_until > now() then
    case when d.outcome = 'upheld' and m.done then 'corrected' else 'decided' end
  when d.outcome = 'dismissed' or m.done then 'closed' else 'decided' end
"""
_HEAD: Final = f"""
'id', r.id, 'learner', h.id, 'institution', json_build_object('id', x.id, 'name', x.name),
'about', json_build_object('kind', r.about, 'id', r.subject), 'side', r.side, 'state', {_STATE},
'outcome', d.outcome, 'opened_at', utc_text(r.opened_at),
'due_at', case when r.state in ('opened', 'evidence', 'appealed') then utc_text(r.due_at) end,
'overdue', r.state in ('opened', 'evidence', 'appealed') and r.due_at <= now(),
'appeal_until', case when r.state = 'decided' then utc_text(d.appeal_until) end, 'version', r.version
"""
_DONE: Final = """
case k.kind
  when 'correction' then (select c.state = 'approved' from correction c
    where c.learner = k.book and c.id = k.remedy)
  when 'rescission' then (select a.state = 'rescinded' from award a
    where a.learner = k.book and a.id = k.remedy)
  when 'award' then (select a.state in ('certified', 'rescinding') from award a
    where a.learner = k.book and a.id = k.remedy)
  when 'transfer' then (select t.state = 'decided' and exists (select from transfer_lot l
      where l.learner = t.learner and l.transfer = t.id and l.accepted > 0)
    from transfer t where t.learner = k.book and t.id = k.remedy)
  when 'recognition' then (select g.state = 'posted' from recognition g
    where g.learner = k.book and g.id = k.remedy)
  when 'deposit' then true else false end
"""
_ENTRIES: Final = """
case k.kind
  when 'correction' then array(select e.id from correction c join entry e
      on e.learner = c.learner and e.scheme = c.scheme and e.sequence = c.revoking
    where c.learner = k.book and c.id = k.remedy
    union all select c.replacing from correction c
    where c.learner = k.book and c.id = k.remedy and c.replacing is not null)
  when 'rescission' then array(select e.id from award a
    join award_hold w on w.learner = a.learner and w.award = a.id
    join entry e on e.learner = w.book and e.scheme = a.scheme and e.reverses = w.redemption
    where a.learner = k.book and a.id = k.remedy)
  when 'award' then array(select e.id from award a
    join award_hold w on w.learner = a.learner and w.award = a.id
    join entry e on e.learner = w.book and e.scheme = a.scheme and e.sequence = w.redemption
    where a.learner = k.book and a.id = k.remedy)
  when 'recognition' then array(select e.id from recognition_item i
    join entry e on e.learner = i.book and e.scheme = i.scheme and e.sequence = i.lot
    where i.learner = k.book and i.recognition = k.remedy)
  when 'deposit' then array[k.remedy] else array[]::uuid[] end
"""
_FROM: Final = f"""
from learner_case r join learner l on l.number = r.learner
join learner h on h.number = coalesce(l.merged_into, l.number) join institution x on x.id = r.institution
left join lateral (select * from case_decision d where d.learner = r.learner and d.case_id = r.id
  order by d.level desc limit 1) d on true
cross join lateral (
  select coalesce(bool_or(q.done), false) as done, coalesce(json_agg(json_build_object('kind', q.kind,
    'id', q.remedy, 'done', q.done, 'entries', q.entries) order by q.added_at, q.remedy), '[]') as remedies
  from (select k.kind, k.remedy, k.added_at, coalesce({_DONE}, false) as done, {_ENTRIES} as entries
    from case_remedy k where k.learner = r.learner and k.case_id = r.id) q) m
"""
#: id and `item`, without what was said
SUMMARY: Final = f"select r.id, json_build_object({_HEAD}) as item {_FROM}"
#: id and `item`, the whole case
CASE: Final = f"""
select r.id, json_build_object({_HEAD}, 'claim', r.claim,
  'evidence', (select coalesce(json_agg(json_build_object('number', e.number, 'side', e.side, 'text', e.text,
      'links', e.links, 'added_at', utc_text(e.added_at)) order by e.number), '[]')
    from case_evidence e where e.learner = r.learner and e.case_id = r.id),
  'decisions', (select coalesce(json_agg(json_build_object('level', o.level, 'outcome', o.outcome,
      'reasons', o.reasons, 'decided_at', utc_text(o.decided_at)) order by o.level), '[]')
    from case_decision o where o.learner = r.learner and o.case_id = r.id),
  'appeal', case when r.appealed_at is not null then json_build_object(
    'reasons', r.appeal_reasons, 'appealed_at', utc_text(r.appealed_at)) end,
  'remedies', m.remedies) as item
{_FROM}
"""
