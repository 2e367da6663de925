"""Who is this? One new record against the customers served now: candidates by its blocks, scores by the model's SQL, and the decision that
the cluster stage would come to if the record arrived.

Beyond the batch in nothing; short of it in two things: rules that go by orders propose nothing, and joins that only a third customer
would bring about are not looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

import orjson

from pipelines.cluster.agglomerate import Contradiction, agglomerate
from pipelines.match.weigh import Reached, Weighed, weigh
from pipelines.publish.keyring import Keyring
from pipelines.publish.serving_index import Snapshot
from pipelines.resolve import index
from pipelines.resolve.session import OWN, Compared, Identifier, Node, Session
from pipelines.standardise.single import standardise_record
from schemas.errors import ServingUnavailable
from schemas.match_model import MatchModel
from schemas.new_record import NewRecord
from schemas.tables import match as contract

Decision = Literal["match", "review", "new"]
CANDIDATES_AT_MOST = 500  # customers looked at; the rules' caps keep below it but for records that agree with many on everything


class Candidate(NamedTuple):
    """A customer the record may be: the bits of the strongest pair (prior included), its evidence, and whether the record joins."""

    customer_id: str
    bits: float
    joins: bool
    evidence: tuple[Reached, ...]

    @property
    def probability(self) -> float:
        return 1 / (1 + 2**-self.bits)


@dataclass(frozen=True)
class Resolution:
    """`match`: the first candidate, and any other that joins, is who the record is; `review`: somebody is in the band that a person looks
    at; `new`: nobody. Candidates come strongest first, those that join before the others."""

    decision: Decision
    candidates: tuple[Candidate, ...]
    is_cut: bool


class _Facts:
    """What the index says of the whole, kept while it does not change."""

    def __init__(self, version: str, snapshot: Snapshot) -> None:
        model = snapshot.value(index.FACTS, index.MODEL_KEY)
        if model is None:
            raise ServingUnavailable("the serving index cannot resolve new records", mend="Run `hub run --full` to build it anew")
        self.version = version
        self.model = MatchModel.model_validate_json(model)
        self.readings: dict[str, str] = orjson.loads(snapshot.value(index.FACTS, index.READINGS_KEY) or b"{}")
        self.bits = int(snapshot.value(index.FACTS, index.BITS_KEY) or 0)
        shared = snapshot.value(index.FACTS, index.SHARED_KEY) or b""
        self.shared = {shared[at : at + index.TOKEN_BYTES] for at in range(0, len(shared), index.TOKEN_BYTES)}


class Resolver:
    """One a thread. Follows the version of the snapshots it is given."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self._facts: _Facts | None = None
        self._session: Session | None = None

    def resolve(self, snapshot: Snapshot, record: NewRecord) -> Resolution:
        """Resolve one record.

        Raises:
            ServingUnavailable: the index was built without what this needs.
        """
        facts, session = self._follow(snapshot)
        mention = standardise_record(record, facts.readings.get)
        own = Node([OWN, *mention.evidence.values()], self._share(snapshot, mention.evidence["name_norm"]))
        keys, identifiers = session.keys(own, mention.identifiers)
        tokens = {index.block_token(self.keyring.token, rule, key): (rule, key) for rule, key in keys}
        blocks = {of: self._block(snapshot, facts, token) for token, of in tokens.items() if token not in facts.shared}
        small = {of: entries for of, entries in blocks.items() if _proposes(facts.model, of[0], entries)}
        customers = dict.fromkeys(entry.customer for entries in small.values() for entry in entries)
        chosen = list(customers)[:CANDIDATES_AT_MOST]
        said = {customer: self._nodes(snapshot, customer) for customer in chosen}
        used = _used(facts.model, keys, identifiers, [own, *_all(said.values())], blocks)
        own.held = [x for x in identifiers if x.identifier not in used.by_many]
        wanted = {rule for rule, _ in small}
        compared = session.compare([own, *_all(said.values())], wanted, used.by_several)
        found = decide(facts.model, {c: nodes for c, nodes in said.items() if nodes}, own, compared)
        return Resolution(found[0], found[1], len(customers) > len(chosen))

    def _follow(self, snapshot: Snapshot) -> tuple[_Facts, Session]:
        version = str(snapshot.meta.get("version"))
        if self._facts is None or self._facts.version != version or self._session is None:
            facts = _Facts(version, snapshot)
            if self._session is None or self._facts is None or facts.model != self._facts.model:
                self._session = Session(facts.model)
            self._facts = facts
        return self._facts, self._session

    def _share(self, snapshot: Snapshot, name: object) -> float | None:
        found = snapshot.value(index.NAMES, index.name_token(self.keyring.token, str(name))) if name else None
        return float(orjson.loads(found)) if found else None

    def _block(self, snapshot: Snapshot, facts: _Facts, token: bytes) -> list[index.Entry]:
        bucket = snapshot.value(index.BLOCKS, index.bucket_of(token, facts.bits))
        return list(index.entries_of(bucket, token)) if bucket else []

    def _nodes(self, snapshot: Snapshot, customer: bytes) -> list[Node]:
        sealed = snapshot.value(index.EVIDENCE, customer)
        if sealed is None:
            return []
        said, held = orjson.loads(index.unseal(self.keyring.field, customer, sealed))
        nodes = {row[0]: Node(row[:-1], row[-1]) for row in said}
        for node, identifier, kind, paper in held:
            nodes[node].held.append(Identifier(identifier, kind, paper))
        return list(nodes.values())


def _all(groups: Iterable[list[Node]]) -> list[Node]:
    return [node for group in groups for node in group]


def _proposes(model: MatchModel, rule: int, entries: list[index.Entry]) -> bool:
    """The block proposes pairs, the new record in it. One that is divided above its cap does so while it is of few customers."""
    of = model.blocking[rule]
    return (len(entries) if of.refine_by else sum(entry.node_n for entry in entries)) < of.cap


class _Use(NamedTuple):
    """Identifiers of the new record that names of several people use, and those that too many do (pipelines/match/identifier_use.py)."""

    by_several: set[int]
    by_many: set[int]


def _used(
    model: MatchModel, keys: list[tuple[int, int]], identifiers: list[Identifier], nodes: list[Node],
    blocks: Mapping[tuple[int, int], list[index.Entry]],
) -> _Use:  # fmt: skip
    """Names are counted with the new record's. A block too large to be read, or one that is known to be shared, is used by many."""
    own = {x.identifier for x in identifiers}
    rules = {n for n, rule in enumerate(model.blocking) if rule.identifiers}
    many = {key for rule, key in keys if rule in rules and not ((rule, key) in blocks and _proposes(model, rule, blocks[rule, key]))}
    names: dict[int, set[object]] = {identifier: set() for identifier in own}
    for node in nodes:
        called = _called(node)
        held = own if node.node_id == OWN else own & {x.identifier for x in node.held}
        for identifier in held if called else ():
            names[identifier].add(called)
    several = {identifier for identifier, of in names.items() if len(of) > 1}
    return _Use(several, many | {identifier for identifier, of in names.items() if len(of) > model.shared_identifier_names})


_NAME, _PINYIN, _MASKED = (contract.NODES.column_names.index(name) for name in ("name_norm", "name_pinyin", "name_is_masked"))


def _called(node: Node) -> object:
    return None if node.said[_MASKED] else node.said[_PINYIN] or node.said[_NAME]


def decide(
    model: MatchModel, said: Mapping[bytes, list[Node]], own: Node, compared: list[Compared]
) -> tuple[Decision, tuple[Candidate, ...]]:
    """Which customers the record joins, by the evidence between it and the whole of each."""
    customer_of = {node.node_id: customer for customer, nodes in said.items() for node in nodes}
    weighed = {pair.node_id: weigh(model, pair.levels, pair.name_share) for pair in compared}
    proposed = {pair.node_id for pair in compared if pair.agrees_on}
    held = {x.identifier for x in own.held}
    proposed |= {node.node_id for nodes in said.values() for node in nodes if held & {x.identifier for x in node.held}}
    kept = {node: of for node, of in weighed.items() if node in proposed and not of.is_forbidden and of.bits >= model.review_bits}
    joined = _joined(model, said, weighed, kept)
    best: dict[bytes, tuple[float, int]] = {}
    for node, of in kept.items():
        best[customer_of[node]] = max(best.get(customer_of[node], (float("-inf"), 0)), (of.bits, node))
    candidates = [
        Candidate(customer.hex(), bits, customer in joined, weighed[node].reached) for customer, (bits, node) in best.items()
    ]
    candidates.sort(key=lambda c: (not c.joins, -c.bits, c.customer_id))
    return ("match" if joined else "review" if candidates else "new"), tuple(candidates)


def _joined(
    model: MatchModel, said: Mapping[bytes, list[Node]], weighed: Mapping[int, Weighed], kept: Mapping[int, Weighed]
) -> set[bytes]:
    """The customers that the record becomes one with: each is held together, and the record joins by its support less what contradicts."""
    edges = [(-(of.bits - sum(of.against.values())), OWN, node) for node, of in kept.items() if of.bits >= model.merge_bits]
    against = {(OWN, node): Contradiction(of.against, of.is_forbidden) for node, of in weighed.items()}
    together = [(a.node_id, b.node_id) for nodes in said.values() for a, b in pairwise(nodes)]
    label = agglomerate(edges, {node: node for node in (OWN, *weighed)}, against, model.merge_bits, together)
    return {customer for customer, nodes in said.items() if any(label[node.node_id] == label[OWN] for node in nodes)}
