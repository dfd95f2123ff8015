"""Invariants of what was decided about credits: rules, conversions, awards, transfers, recognition."""

from typing import Final

from services.creditbank.books.rules import Check

DECISIONS: Final = (
    Check(
        5,
        "no part of a lot counts for two awards, and what awards hold and spent is held and redeemed",
        """
        select s.book as learner, s.scheme, s.number from (
          select k.book, a.scheme, k.number,
            coalesce(sum(k.amount) filter (where a.state in ('certified', 'rescinding')), 0) as spent,
            coalesce(sum(k.amount) filter (where a.state = 'requested' and h.resolved is null), 0) as held
          from award a join award_lot k on k.learner = a.learner and k.award = a.id
          join award_hold w on w.learner = a.learner and w.award = a.id and w.book = k.book
          left join hold h on h.learner = w.book and h.id = w.hold
          group by k.book, a.scheme, k.number) s
        left join lot l on l.learner = s.book and l.scheme = s.scheme and l.number = s.number
        where l.number is null or s.spent > l.redeemed or s.held > l.held
        """,
    ),
    Check(
        5,
        "each award that was granted was spent by an entry that resolves its hold, and no other was",
        """
        select a.learner, a.id from award a join award_hold w on w.learner = a.learner and w.award = a.id
        left join hold h on h.learner = w.book and h.id = w.hold
        left join entry e on e.learner = w.book and e.scheme = a.scheme and e.sequence = w.redemption
        where h.id is null
          or (a.state in ('certified', 'rescinding', 'rescinded')) <> (w.redemption is not null)
          or w.redemption is not null and (e.resolves is distinct from h.entry or e.kind <> 5)
          or (a.state = 'rescinded') <> exists (select from entry r where r.learner = w.book
            and r.scheme = a.scheme and r.reverses = w.redemption)
        """,
    ),
    Check(
        14,
        "each conversion by a rule of the rule book used an approved version's schemes and ratio",
        """
        select c.learner, c.scheme, c.entry as sequence from conversion c join rule r on r.id = c.rule
        where (r.kind, r.scheme, r.target) is distinct from ('conversion', c.scheme, c.target)
          or r.state <> 'approved'
          or (r.document ->> 'numerator')::integer <> c.numerator
          or (r.document ->> 'denominator')::integer <> c.denominator
        """,
    ),
    Check(
        16,
        "nobody decided on what they had asked for or prepared",
        """
        select 'rule' as place, id from rule where decided_by = made_by
        union all select 'award', id from award
          where decided_by = requested_by or rescinded_by = rescission_by
        union all select 'transfer', id from transfer where decided_by = requested_by
        union all select 'recognition', id from recognition
          where assessed_by = requested_by or decided_by in (requested_by, assessed_by)
        """,
    ),
    Check(
        16,
        "nobody decided on what a client had made that they were known to act as",
        """
        select s.place, s.id from (
          select 'file' as place, id, client as maker, decided_by, decided_at from posting_file
          union all select 'correction', id, requested_by, decided_by, decided_at from correction
            where state <> 'withdrawn') s
        join client_keeper k on (k.client, k.person) in ((s.maker, s.decided_by), (s.decided_by, s.maker))
        where s.decided_at > k.known_at + interval '1 minute'
        """,
    ),
    Check(
        16,
        "whatever was approved or granted was decided by somebody",
        """
        select 'rule' as place, id from rule where state <> 'draft' and decided_by is null
        union all select 'award', id from award
          where state in ('certified', 'refused', 'rescinding', 'rescinded') and decided_by is null
            or state = 'rescinded' and (rescission_by is null or rescinded_by is null)
        union all select 'transfer', id from transfer where state = 'decided' and decided_by is null
        union all select 'recognition', id from recognition
          where state in ('offered', 'posted') and (assessed_by is null or decided_by is null)
        """,
    ),
    Check(
        16,
        "nobody decided a case about what they had made, had a part in, or had decided before",
        """
        select c.learner, c.id, d.level from learner_case c
        join case_decision d on d.learner = c.learner and d.case_id = c.id
        where d.decided_by = any(c.makers) or d.decided_by in (c.opened_by, c.appealed_by)
          or exists (select from case_decision o where o.learner = d.learner and o.case_id = d.case_id
            and o.level < d.level and o.decided_by = d.decided_by)
        """,
    ),
    Check(
        16,
        "a case is decided once, once more if it was appealed against, and not while it waits",
        """
        select c.learner, c.id from learner_case c
        cross join lateral (select coalesce(array_agg(d.level order by d.level), '{}') as levels
          from case_decision d where d.learner = c.learner and d.case_id = c.id) t
        where not case
          when c.state in ('opened', 'evidence', 'withdrawn') then t.levels = '{}' and c.appealed_at is null
          when c.state = 'appealed' then t.levels = '{1}' and c.appealed_at is not null
          when c.appealed_at is null then t.levels = '{1}'
          when c.state = 'closed' then t.levels in ('{1}', '{1,2}') else t.levels = '{1,2}' end
        """,
    ),
    Check(
        16,
        "what a case links to put it right is of the same learner and, if a correction, of the same entry",
        """
        select k.learner, k.case_id, k.remedy from case_remedy k
        left join learner_case c on c.learner = k.learner and c.id = k.case_id
        left join learner l on l.number = k.learner left join learner b on b.number = k.book
        where c.id is null or b.number is null
          or coalesce(l.merged_into, l.number) <> coalesce(b.merged_into, b.number)
          or k.kind = 'correction' and not exists (select from correction o where o.learner = k.book
            and o.id = k.remedy and (o.learner, o.scheme, o.entry) = (c.book, c.scheme, c.entry))
        """,
    ),
)
