"""What must hold of learners who move between bank nodes, as far as one node can see; see `checks`."""

from typing import Final

from services.creditbank.books.rules import Check

MOVES: Final = (
    Check(
        20,
        "what is in transit is what moves say: all left by their entries, and came back if they returned",
        """
        select d.learner, d.id as move from departure d
        left join lateral (
          select sum(p.amount) filter (where e.kind = 11) as gone, sum(p.amount) as away
          from departure_book b
          join entry e on e.learner = b.learner and e.scheme = b.scheme
            and (e.sequence = b.entry or e.reverses = b.entry)
          join posting p on p.learner = e.learner and p.scheme = e.scheme and p.entry = e.sequence
            and p.bucket = 10
          where b.move = d.id) p on true
        left join lateral (
          select sum(replace(l.value ->> 'amount', '.', '')::bigint) as told
          from json_array_elements(d.statement::json -> 'books') b
          cross join json_array_elements(b.value -> 'lots') l) t on true
        where coalesce(p.gone, 0) = 0 or p.gone <> t.told
          or p.away <> case d.state when 'returned' then 0 else p.gone end
        """,
    ),
    Check(
        20,
        "what came from other nodes is what their statements say",
        """
        select a.learner, a.id as move from arrival a
        left join lateral (select -sum(p.amount) as came from arrival_lot l join posting p
          on p.learner = l.learner and p.scheme = l.scheme and p.entry = l.number and p.bucket = 11
          where l.move = a.id) p on true
        left join lateral (
          select sum(replace(l.value ->> 'amount', '.', '')::bigint) as told
          from json_array_elements(a.statement::json -> 'books') b
          cross join json_array_elements(b.value -> 'lots') l) t on true
        where coalesce(p.came, 0) = 0 or p.came <> t.told
        """,
    ),
    Check(
        20,
        "every entry of a move belongs to one, which commits to the statement there is",
        """
        select e.learner, e.scheme, e.sequence from entry e
        where e.kind = 11 and not exists (select from departure_book b
            join departure d on d.id = b.move and d.digest = b.digest and d.destination = b.destination
            where b.learner = e.learner and b.scheme = e.scheme and b.entry = e.sequence and b.move = e.batch)
          or e.kind = 12 and not exists (select from departure_book b
            join departure d on d.id = b.move and d.state = 'returned'
            where b.learner = e.learner and b.scheme = e.scheme and b.entry = e.reverses and b.move = e.batch)
          or e.kind = 13 and not exists (select from arrival_lot l
            join arrival a on a.id = l.move and a.digest = l.digest and a.origin = l.origin
            where l.learner = e.learner and l.scheme = e.scheme and l.number = e.sequence
              and l.move = e.batch)
        """,
    ),
    Check(
        20,
        "every statement of a move has the digest its entries commit to",
        """
        select 'departure' as place, learner, id from departure
        where digest <> sha256(convert_to(statement, 'UTF8'))
        union all
        select 'arrival', learner, id from arrival where digest <> sha256(convert_to(statement, 'UTF8'))
        """,
    ),
    Check(
        20,
        "books are away exactly while their learner's home is another node, and so while a move is open",
        """
        select a.learner, a.scheme from account a join learner l on l.number = a.learner
        where a.away <> (l.home is not null) or a.arrived <> l.arrived
        union all
        select d.learner, null from departure d join learner l on l.number = d.learner
        where d.state = 'open' and l.home is distinct from d.destination
          -- whoever came back before the answer to their leaving
          and not exists (select from arrival a join learner n on n.number = a.learner
            where coalesce(n.merged_into, n.number) = coalesce(l.merged_into, l.number)
              and a.arrived_at >= d.requested_at)
        """,
    ),
    Check(
        20,
        "nothing was posted, set aside or spent in books that were away",
        """
        select e.learner, e.scheme, e.sequence from entry e
        join account a on a.learner = e.learner and a.scheme = e.scheme and a.away
        join lateral (select max(b.entry) as entry from departure_book b join departure d on d.id = b.move
          where b.learner = e.learner and b.scheme = e.scheme
            and not d.follows and d.state <> 'returned') w on true
        where e.sequence > w.entry and e.kind in (1, 2, 5, 7, 8)
        """,
    ),
)
