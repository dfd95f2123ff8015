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
)
