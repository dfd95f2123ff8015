"""The invariants of the books that SQL can prove, each as a query for the first row that breaks it.

Numbers are those of the design's list of invariants. A query returns nothing while its invariant holds.
"""

from typing import Final

from services.creditbank.books.admission import ADMISSION
from services.creditbank.books.decisions import DECISIONS
from services.creditbank.books.moves import MOVES
from services.creditbank.books.operations import OPERATIONS
from services.creditbank.books.records import RECORDS
from services.creditbank.books.rules import Check
from services.creditbank.log.rules import AUDITED_AFTER_S

_PARTS: Final = ("provisional", "available", "held", "redeemed", "converted", "expired", "revoked", "moved")
_BUCKETS: Final = (1, 2, 3, 4, 5, 6, 7, 10)
#: by bucket, as postings number them
_BY_POSTINGS: Final = ", ".join(
    f"coalesce(sum(amount) filter (where bucket = {number}), 0) as {part}"
    for number, part in zip(_BUCKETS, _PARTS, strict=True)
)
_BY_LOTS: Final = ", ".join(f"sum({part}) as {part}" for part in _PARTS)
_ROW: Final = ", ".join(_PARTS)
_ZEROS: Final = ", ".join(f"coalesce(s.{part}, 0)" for part in _PARTS)

CHECKS: Final = (
    Check(
        1,
        "the postings of each entry sum to zero",
        """
        select learner, scheme, entry as sequence, sum(amount) as sum from posting
        group by learner, scheme, entry having sum(amount) <> 0
        """,
    ),
    Check(
        1,
        "every entry has postings",
        """
        select e.learner, e.scheme, e.sequence from entry e
        where not exists (select from posting p
          where p.learner = e.learner and p.entry = e.sequence and p.scheme = e.scheme)
        """,
    ),
    Check(
        2,
        "the trial balance of each scheme is zero",
        "select scheme, sum(amount) as sum from posting group by scheme having sum(amount) <> 0",
    ),
    Check(
        3,
        "the parts of each lot sum to what was issued, none negative",
        f"""
        select learner, scheme, number from lot
        where issued <> {" + ".join(_PARTS)} or least({_ROW}) < 0
        """,
    ),
    Check(
        4,
        "each account equals the sum of its lots",
        f"""
        select a.learner, a.scheme from account a
        left join (select learner, scheme, {_BY_LOTS} from lot group by learner, scheme) s
          using (learner, scheme)
        where ({", ".join("a." + part for part in _PARTS)}) is distinct from ({_ZEROS})
        """,
    ),
    Check(
        4,
        "each account equals the sum of its postings",
        f"""
        select a.learner, a.scheme from account a
        left join (select learner, scheme, {_BY_POSTINGS} from posting where lot is not null
          group by learner, scheme) s using (learner, scheme)
        where ({", ".join("a." + part for part in _PARTS)}) is distinct from ({_ZEROS})
        """,
    ),
    Check(
        4,
        "each lot equals the sum of its postings",
        f"""
        select l.learner, l.scheme, l.number from lot l
        left join (select learner, scheme, lot as number, {_BY_POSTINGS} from posting where lot is not null
          group by learner, scheme, lot) s using (learner, scheme, number)
        where ({", ".join("l." + part for part in _PARTS)}) is distinct from ({_ZEROS})
        """,
    ),
    Check(
        6,
        "each posting belongs to an entry of the same learner, and moves a lot of the same learner",
        """
        select p.learner, p.scheme, p.entry as sequence, p.line from posting p
        where not exists (select from entry e
            where e.learner = p.learner and e.scheme = p.scheme and e.sequence = p.entry)
          or p.lot is not null and not exists (select from lot l
            where l.learner = p.learner and l.scheme = p.scheme and l.number = p.lot)
        """,
    ),
    Check(
        6,
        "each lot was issued by an entry of its learner and day, a conversion or a move, through its issuer",
        """
        select l.learner, l.scheme, l.number from lot l
        where not exists (select from entry e join posting p
            on p.learner = e.learner and p.scheme = e.scheme and p.entry = e.sequence
          where e.learner = l.learner and e.scheme = l.scheme and e.sequence = l.number
            and p.institution = l.issuer and (p.amount = -l.issued and p.bucket = 0
              and e.kind = 1 and e.effective_on = l.earned_on or p.bucket = 9 and e.kind = 8
              or p.amount = -l.issued and p.bucket = 11 and e.kind = 13))
        """,
    ),
    Check(
        7,
        "one attempt has at most one live lot",
        """
        select learner, issuer, min(number) as number from lot
        where attempt is not null and revoked < issued and moved = 0
        group by learner, issuer, attempt having count(*) > 1
        """,
    ),
    Check(
        8,
        "one key has had one effect on a learner",
        "select learner, key_hash from entry group by learner, key_hash having count(*) > 1",
    ),
    Check(
        9,
        "an entry is reversed at most once, by a later one of the same account",
        """
        select e.learner, e.scheme, e.sequence from entry e where e.reverses is not null and (
          e.reverses >= e.sequence or not exists (select from entry r
            where r.learner = e.learner and r.scheme = e.scheme and r.sequence = e.reverses)
          or exists (select from entry o where o.learner = e.learner and o.scheme = e.scheme
            and o.reverses = e.reverses and o.sequence <> e.sequence))
        """,
    ),
    *OPERATIONS,
    *DECISIONS,
    *ADMISSION,
    *RECORDS,
    *MOVES,
    Check(
        15,
        "the service's role can alter no row of the books",
        """
        select t.name, p.privilege
        from unnest(array['account', 'lot', 'entry', 'posting_line', 'deposit_batch', 'shred_key', 'hold',
          'conversion', 'conversion_lot', 'account_freeze',
          'departure', 'departure_book', 'arrival', 'arrival_lot', 'refused_arrival',
          'spent_elsewhere']) as t (name)
        cross join unnest(array['insert', 'update', 'delete', 'truncate']) as p (privilege)
        where has_table_privilege(current_user, t.name, p.privilege)
        """,
    ),
    Check(
        18,
        "the entries of each account are numbered without a gap",
        """
        select a.learner, a.scheme, a.sequence from account a
        left join (select learner, scheme, count(*) as entries, min(sequence) as first, max(sequence) as last
          from entry group by learner, scheme) e using (learner, scheme)
        where a.sequence <> coalesce(e.entries, 0)
          or e.entries is not null and (e.first <> 1 or e.last <> a.sequence)
        """,
    ),
    Check(
        18,
        "every entry belongs to an account",
        """
        select e.learner, e.scheme, e.sequence from entry e
        where not exists (select from account a where a.learner = e.learner and a.scheme = e.scheme)
        """,
    ),
    Check(
        18,
        "the head of each account is the commitment of its newest entry",
        """
        select a.learner, a.scheme, a.sequence from account a join entry e
          on e.learner = a.learner and e.scheme = a.scheme and e.sequence = a.sequence
        where a.head is distinct from e.commitment
        """,
    ),
    Check(
        18,
        f"every entry has one leaf, or waits for it; once there is a log, no longer than {AUDITED_AFTER_S} s",
        f"""
        select e.learner, e.scheme, e.sequence from entry e
        left join (select commitment, count(*) as leaves
          from log_block, unnest(commitments) as commitment group by commitment) b
          on b.commitment = e.commitment
        left join (select distinct unnest(commitments) as commitment from log_pending) w
          on w.commitment = e.commitment
        where b.leaves > 1 or b.leaves is null and (w.commitment is null or exists (select from log)
          and e.recorded_at < now() - interval '{AUDITED_AFTER_S} s')
        """,
    ),
    Check(
        18,
        "every leaf is that of an entry, or ties a log to the one before",
        """
        select l.name as log, b.first + u.n - 1 as leaf
        from log_block b join log l on l.number = b.log
        cross join unnest(b.commitments) with ordinality as u (commitment, n)
        left join entry e on e.commitment = u.commitment
        where e.commitment is null and (b.first > 0 or u.commitment is distinct from l.succession)
        """,
    ),
    Check(
        18,
        "the leaves of each log are numbered without a gap, and those of a closed one are signed to its end",
        """
        select l.name as log, b.first as leaf
        from log l left join (
          select log, first, leaves, sum(leaves) over (partition by log order by first) as reached,
            row_number() over (partition by log order by first desc) = 1 as is_last
          from log_block) b on b.log = l.number
        where coalesce(b.first + b.leaves <> b.reached or b.is_last and b.reached <> l.leaves, l.leaves <> 0)
          or exists (select from log n where n.number > l.number)
          and l.leaves <> (select max(c.size) from log_checkpoint c where c.log = l.number)
        """,
    ),
    Check(
        18,
        "the root of every checkpoint follows from the leaves, so each is consistent with the one before",
        "select l.name as log, c.size from broken_checkpoint() c join log l on l.number = c.log",
    ),
    Check(
        21,
        "the totals of each institution equal its postings",
        """
        select coalesce(b.institution, p.institution) as institution, coalesce(b.scheme, p.scheme) as scheme
        from (select institution, scheme, sum(amount) as amount, sum(posted) as posted
          from deposit_batch where posted > 0 group by institution, scheme) b
        full join (select institution, scheme, -sum(amount) as amount, count(*) as posted
          from posting where bucket = 0 group by institution, scheme) p
          on p.institution = b.institution and p.scheme = b.scheme
        where (b.amount, b.posted) is distinct from (p.amount, p.posted)
        """,
    ),
    Check(
        22,
        "there is nothing in the log but hashes of 32 bytes",
        """
        select 'log_block' as place, log, first from log_block
        where exists (select from unnest(commitments) c where c is null or octet_length(c) <> 32)
        union all
        select 'log_pending', null, position from log_pending
        where exists (select from unnest(commitments) c where c is null or octet_length(c) <> 32)
        """,
    ),
    Check(
        22,
        "nothing leads from an erased person to a book, and no key opens what was committed to",
        """
        select l.number as learner from erased_person x join learner l on l.id = x.id
        union all
        select a.learner from erased_person x join account a on a.person = x.id
        union all
        select k.learner from shred_key k
        where not exists (select from learner l where l.number = k.learner)
        """,
    ),
)
