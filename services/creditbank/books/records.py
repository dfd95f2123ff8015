"""Invariants of what is written down beside the books: it is of their learner, and the books bear it out."""

from typing import Final

from services.creditbank.books.rules import Check

RECORDS: Final = (
    Check(
        6,
        "each account is in the name of its learner, and who was merged leads to one who was not",
        """
        select a.learner from account a left join learner l on l.number = a.learner
        where a.person is distinct from l.id
        union all
        select l.number from learner l left join learner s on s.number = l.merged_into
        where l.merged_into is not null and (s.number is null or s.merged_into is not null
          or not (l.joined and s.joined))
        """,
    ),
    Check(
        6,
        "every lot that an award, a transfer or a recognition names is one of its learner's own",
        """
        select n.place, n.learner, n.id, n.book, n.number from (
          select 'award' as place, k.learner, k.award as id, k.book, a.scheme, k.number
          from award_lot k join award a on a.learner = k.learner and a.id = k.award
          union all select 'transfer', learner, transfer, book, scheme, number from transfer_lot
          union all select 'recognition', learner, recognition, book, scheme, lot from recognition_item
            where lot is not null
        ) n
        left join lot t on t.learner = n.book and t.scheme = n.scheme and t.number = n.number
        left join learner l on l.number = n.learner
        left join learner b on b.number = n.book
        where t.number is null
          or coalesce(b.merged_into, b.number) is distinct from coalesce(l.merged_into, l.number)
        """,
    ),
    Check(
        8,
        "what was recognised was posted as it was offered, and nothing before it was accepted",
        """
        select i.learner, i.recognition as id, i.number
        from recognition r join recognition_item i on i.learner = r.learner and i.recognition = r.id
        left join lot t on t.learner = i.book and t.scheme = i.scheme and t.number = i.lot
        where (i.lot is not null) <> (r.state = 'posted' and i.amount is not null) or i.lot is not null
          and (t.issued, t.outcome, t.issuer) is distinct from (i.amount, i.outcome, r.institution)
        """,
    ),
    Check(
        9,
        "what took the place of a corrected deposit is a deposit of that correction, as it was asked for",
        """
        select c.learner, c.id from correction c
        left join entry e on e.batch = c.id and e.id = c.replacing and e.kind = 1
        left join lot t on t.learner = e.learner and t.scheme = e.scheme and t.number = e.sequence
        where c.replacing is not null and (c.state <> 'approved'
          or (t.issued, t.earned_on, t.issuer) is distinct from (c.amount, c.earned_on, c.institution))
        """,
    ),
    Check(
        13,
        "every lot of a transfer is answered once it is decided, and not before; never for more than it has",
        """
        select k.learner, k.transfer as id, k.number
        from transfer t join transfer_lot k on k.learner = t.learner and k.transfer = t.id
        left join lot l on l.learner = k.book and l.scheme = k.scheme and l.number = k.number
        where (k.accepted is not null) <> (t.state = 'decided') or k.accepted > k.amount
          or k.amount > l.issued
        """,
    ),
    Check(
        16,
        "the standing of each institution is that of the newest change, and follows from its act",
        """
        select c.institution, c.id from standing_change c join institution x on x.id = c.institution
        where c.standing <> case c.act when 'apply' then 'applied' when 'review' then 'reviewed'
            when 'refuse' then 'unregistered' when 'suspend' then 'suspended' when 'withdraw' then 'withdrawn'
            else 'registered' end
          or x.standing <> c.standing and not exists (select from standing_change n
            where n.institution = c.institution and n.id > c.id)
        """,
    ),
    Check(
        21,
        "each call to post made the entries it says, of its institution, and so much in all",
        """
        select coalesce(b.id, e.batch) as batch from (select * from deposit_batch where posted > 0) b
        full join (select e.batch, e.scheme, t.issuer, count(*) as posted, sum(t.issued) as amount
          from entry e join lot t on t.learner = e.learner and t.scheme = e.scheme and t.number = e.sequence
          where e.kind = 1 group by e.batch, e.scheme, t.issuer) e
          on e.batch = b.id and e.scheme = b.scheme and e.issuer = b.institution
        where (b.posted, b.amount) is distinct from (e.posted, e.amount)
        """,
    ),
    Check(
        22,
        "only whose record is closed can have lost the key to the book",
        """
        select a.learner from account a join learner l on l.number = a.learner
        where l.status <> 'closed' and not exists (select from shred_key k where k.learner = a.learner)
        """,
    ),
)
