"""What must hold of everything that happens to credits after they are posted; see `checks`."""

from typing import Final

from services.creditbank.books.rules import Check

#: by kind of entry: the buckets it takes from, and those it gives to
_WAYS: Final = {
    1: ((0,), (1, 2)),
    2: ((2,), (3,)),
    3: ((3,), (2,)),
    4: ((3,), (2,)),
    5: ((2, 3), (2, 4)),
    6: ((4,), (2,)),
    7: ((2, 3), (2, 5)),
    8: ((9,), (2, 8)),
    9: ((2,), (6,)),
    10: ((1, 2, 6), (7,)),
    11: ((2,), (10,)),
    12: ((10,), (2,)),
    13: ((11,), (2,)),
    14: ((5,), (2,)),
    15: ((2, 6, 8), (7, 9)),
}
_ALLOWED: Final = ", ".join(
    f"({kind}, {gives}, {bucket})"
    for kind, (taken, given) in _WAYS.items()
    for gives, buckets in (("false", taken), ("true", given))
    for bucket in buckets
)

OPERATIONS: Final = (
    Check(
        1,
        "each kind of entry takes credits only from where, and gives them only to where, its kind does",
        f"""
        select p.learner, p.scheme, p.entry as sequence, p.line from posting p
        join entry e on e.learner = p.learner and e.scheme = p.scheme and e.sequence = p.entry
        where (e.kind, p.amount > 0, p.bucket) not in ({_ALLOWED})
        """,
    ),
    Check(
        9,
        "a reversal takes out of each lot what the entry it reverses put there, and is itself never reversed",
        """
        select e.learner, e.scheme, e.sequence from entry e
        left join entry r on r.learner = e.learner and r.scheme = e.scheme and r.sequence = e.reverses
        where (e.kind in (6, 10, 12, 14, 15)) <> (e.reverses is not null) or e.reverses is not null and (
          r.kind is null
          or (e.kind, r.kind) not in ((6, 5), (10, 1), (10, 13), (12, 11), (14, 7), (15, 8))
          or exists (select from posting p
            where p.learner = e.learner and p.scheme = e.scheme and p.entry in (e.sequence, e.reverses)
              and p.lot is not null
            group by p.lot
            having coalesce(sum(p.amount) filter (where p.entry = e.reverses and p.amount > 0
                and p.bucket in (1, case e.kind when 6 then 4 when 12 then 10 when 14 then 5 else 2 end)), 0)
              <> coalesce(-sum(p.amount) filter (where p.entry = e.sequence and p.amount < 0), 0)))
        """,
    ),
    Check(
        10,
        "what is held of each lot is the sum of what is set aside for purposes not ended",
        """
        select l.learner, l.scheme, l.number from lot l
        left join (select p.learner, p.scheme, p.lot as number, sum(p.amount) as held
          from hold h join posting p on p.learner = h.learner and p.scheme = h.scheme and p.entry = h.entry
          where h.resolved is null and p.bucket = 3 and p.amount > 0
          group by p.learner, p.scheme, p.lot) o using (learner, scheme, number)
        where l.held <> coalesce(o.held, 0)
        """,
    ),
    Check(
        11,
        "a hold is placed by one entry and ended by one at most, which takes all of it: in time or lapsed",
        """
        select h.learner, h.scheme, h.entry as sequence from hold h
        left join entry p on p.learner = h.learner and p.scheme = h.scheme and p.sequence = h.entry
        left join entry r on r.learner = h.learner and r.scheme = h.scheme and r.sequence = h.resolved
        where (p.kind, p.id) is distinct from (2::smallint, h.id) or h.resolved is not null and (
          r.resolves is distinct from h.entry or r.kind not in (3, 4, 5, 7)
          or r.kind = 4 and r.recorded_at < h.until or r.kind in (5, 7) and r.recorded_at >= h.until
          or exists (select from posting s
            where s.learner = h.learner and s.scheme = h.scheme and s.entry in (h.entry, h.resolved)
              and s.bucket = 3
            group by s.lot having sum(s.amount) <> 0))
        """,
    ),
    Check(
        11,
        "every entry that places or ends a hold has one",
        """
        select e.learner, e.scheme, e.sequence from entry e
        where e.kind = 2 and not exists (select from hold h
            where h.learner = e.learner and h.scheme = e.scheme and h.entry = e.sequence)
          or e.kind in (3, 4) and e.resolves is null
          or e.resolves is not null and not exists (select from hold h
            where h.learner = e.learner and h.scheme = e.scheme and h.entry = e.resolves
              and h.resolved = e.sequence)
        """,
    ),
    Check(
        12,
        "credits were spent or set aside before they expired, and expired only after",
        """
        select e.learner, e.scheme, e.sequence, l.number as lot from entry e
        join posting p on p.learner = e.learner and p.scheme = e.scheme and p.entry = e.sequence
        join lot l on l.learner = p.learner and l.scheme = p.scheme and l.number = p.lot
        where e.kind in (2, 5, 7, 9) and p.bucket = 2 and p.amount < 0
          and (e.kind = 9) is distinct from
            (coalesce(l.expires_on, 'infinity') <= expired_through(e.recorded_at))
        """,
    ),
    Check(
        12,
        "nothing was spent or set aside while the account was frozen",
        """
        select e.learner, e.scheme, e.sequence from account_freeze f
        join entry e on e.learner = f.learner and e.scheme = f.scheme and e.sequence > f.first
          and (f.last is null or e.sequence <= f.last)
        where e.kind in (2, 5, 7, 11)
        """,
    ),
    Check(
        14,
        "a conversion issues by its ratio what it takes, and the rest stands in the rounding account",
        """
        select c.learner, c.scheme, c.entry as sequence from conversion c
        left join entry e on e.learner = c.learner and e.scheme = c.scheme and e.sequence = c.entry
        left join lateral (select sum(p.amount) as amount from posting p where p.learner = c.learner
          and p.scheme = c.scheme and p.entry = c.entry and p.bucket = 5) s on true
        left join lateral (
          select sum(p.amount) filter (where p.bucket = 2) as issued,
            coalesce(sum(p.amount) filter (where p.bucket = 8), 0) as rounding
          from conversion_lot l join posting p
            on p.learner = l.learner and p.scheme = l.scheme and p.entry = l.number
          where l.learner = c.learner and l.source_scheme = c.scheme and l.source_entry = c.entry
            and l.scheme = c.target) i on true
        where e.kind is distinct from 7 or c.spent * c.numerator <> c.issued * c.denominator + c.remainder
          or (s.amount, i.issued, i.rounding) is distinct from
            (c.spent, c.issued, c.remainder / c.denominator)
        """,
    ),
    Check(
        14,
        "every entry that takes or issues converted credits belongs to a conversion",
        """
        select e.learner, e.scheme, e.sequence from entry e
        where e.kind = 7 and not exists (select from conversion c
            where c.learner = e.learner and c.scheme = e.scheme and c.entry = e.sequence)
          or e.kind = 8 and not exists (select from conversion_lot l join conversion c
            on c.learner = l.learner and c.scheme = l.source_scheme and c.entry = l.source_entry
              and c.target = l.scheme
            where l.learner = e.learner and l.scheme = e.scheme and l.number = e.sequence)
        """,
    ),
    Check(
        14,
        "a conversion is taken back as a whole: each of its lots, and what it rounded",
        """
        select c.learner, c.scheme, c.entry as sequence from conversion c
        join conversion_lot l
          on l.learner = c.learner and l.source_scheme = c.scheme and l.source_entry = c.entry
        left join entry v on v.learner = c.learner and v.scheme = c.scheme and v.reverses = c.entry
        left join entry w on w.learner = l.learner and w.scheme = l.scheme and w.reverses = l.number
        where w.batch is distinct from v.batch or w.id is not null and exists (
          select from posting p where p.learner = l.learner and p.scheme = l.scheme
            and p.entry in (l.number, w.sequence) and p.bucket = 8 having sum(p.amount) <> 0)
        """,
    ),
    Check(
        16,
        "whoever freezes an account does not let it go",
        "select learner, scheme, id from account_freeze where begun_by = ended_by",
    ),
    Check(
        16,
        "whoever asks for a correction does not approve it, and what was approved was done",
        """
        select c.learner, c.id from correction c
        left join entry e on e.learner = c.learner and e.scheme = c.scheme and e.sequence = c.revoking
        where c.state = 'approved' and (c.decided_by = c.requested_by
          or (e.reverses, e.batch) is distinct from (c.entry, c.id) or e.kind not in (10, 14)
          or (c.amount is null) <> (c.replacing is null))
        """,
    ),
    Check(
        19,
        "by the entries in force on any day no part of a lot was ever negative",
        """
        select learner, scheme, entry as sequence, lot from (
          select p.learner, p.scheme, p.entry, p.lot, sum(p.amount) over (
            partition by p.learner, p.scheme, p.lot, p.bucket order by d.in_force_on, p.entry) as part
          from posting p
          join dated_entry d on d.learner = p.learner and d.scheme = p.scheme and d.sequence = p.entry
          where p.lot is not null) s
        where part < 0
        """,
    ),
    Check(
        19,
        "by the entries recorded until any time no part of a lot was ever negative",
        """
        select learner, scheme, entry as sequence, lot from (
          select p.learner, p.scheme, p.entry, p.lot, p.bucket, sum(sum(p.amount)) over (
            partition by p.learner, p.scheme, p.lot, p.bucket order by p.entry) as part
          from posting p
          where p.lot is not null group by p.learner, p.scheme, p.entry, p.lot, p.bucket) s
        where part < 0
        """,
    ),
)
