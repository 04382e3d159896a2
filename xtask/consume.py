"""A consumer of the topics that shares nothing with Punctual but the committed schemas.

Reads one topic from standard input as Kafka's console consumer prints it, `key<TAB>message` a line, and checks every message against CloudEvents
1.0 (by the project's own SDK for Python) and against the JSON Schemas of `events/schemas`. What belongs to a deleted user may come without its
content: it was erased before it was published, or published once more. Prints what is wrong and, last, how many messages it
read of which type, and of how many actors something is `owed` that may still come.
"""

import collections
import json
import pathlib
import sys

import jsonschema_rs
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

MARKER = "dev.punctual.sync.marker.v1"
# What a test publishes because nobody can read it (`hosts/tests/five_processes/poison.rs`): it is counted, and not checked.
POISON = "dev.punctual.of.tomorrow.v9"


def validators(folder):
    """A validator for each file, by its name without the suffix."""
    files = (path for path in pathlib.Path(folder).glob("*.json") if path.stem != "asyncapi")
    schemas = {path.stem: json.loads(path.read_text()) for path in files}
    return {name: jsonschema_rs.validator_for(schema, validate_formats=True) for name, schema in schemas.items()}


def faults(line, topic, schemas):
    """What is wrong with a message; its type."""
    key, _, text = line.partition("\t")
    event = JSONFormat().read(CloudEvent, text)
    message = json.loads(text)
    kind = event.get_type()
    if event.get_source() != f"/punctual/{topic}":
        yield kind, f"source {event.get_source()} on {topic}"
    if kind == MARKER:
        checks = [("marker", message)]
    else:
        checks = [("envelope", message)]
        if message["data"] is not None:
            checks.append((kind, message["data"]))
        if key != message["partitionkey"]:
            yield kind, f"key {key}, partition key {message['partitionkey']}"
    for name, instance in checks:
        for error in schemas[name].iter_errors(instance):
            yield kind, f"{name}: {error.message} at {error.instance_path}"
    yield kind, None


class Order:
    """The events of each actor in order. When the broker fails in the middle of a batch, later events of it may be there before earlier ones; then
    all of them have to come once more, after those."""

    def __init__(self):
        self.reached = collections.defaultdict(lambda: (set(), set()))
        self.late = 0

    def see(self, line):
        message = json.loads(line.partition("\t")[2])
        if message["type"] == MARKER:
            return
        place = (int(message["sequence"]), message["part"])
        seen, owed = self.reached[message["subject"]]
        if place not in seen:
            too_soon = {other for other in seen if other > place} if place < max(seen, default=place) else set()
            self.late += bool(too_soon)
            owed |= too_soon
            seen.add(place)
        owed.discard(place)

    def owed(self):
        return {actor: sorted(owed) for actor, (_, owed) in self.reached.items() if owed}


class Gaps:
    """What was appended and did not come: of each commit that came, its other events on this topic, and the commit before it that has any. After the
    last commit of an actor that came, nothing here shows that there are more; the tests look there by comparing the logs with what audit and
    devices got."""

    def __init__(self):
        self.commits = collections.defaultdict(dict)

    def see(self, line):
        message = json.loads(line.partition("\t")[2])
        if message["type"] == MARKER:
            return
        new = int(message["previoussequence"]), set(range(1, message["parts"] + 1))
        _, missing = self.commits[message["subject"]].setdefault(int(message["sequence"]), new)
        missing.discard(message["part"])

    def owed(self):
        """By actor: the sequences of commits that are missing, or have parts that are."""
        owed = collections.defaultdict(set)
        for actor, commits in self.commits.items():
            for sequence, (previous, missing) in commits.items():
                if missing:
                    owed[actor].add(sequence)
                if previous and previous not in commits:
                    owed[actor].add(previous)
        return {actor: sorted(sequences) for actor, sequences in owed.items()}


class Erased:
    """Users of whom something came without its content, which has to be because they were deleted."""

    def __init__(self):
        self.without_content, self.deleted = {}, set()

    def see(self, line):
        key, _, text = line.partition("\t")
        message = json.loads(text)
        if message["type"] == "dev.punctual.user.deleted.v1":
            self.deleted.add(key)
        elif message["type"] != MARKER and message["data"] is None:
            self.without_content.setdefault(key, message)

    def unexplained(self):
        return [message for key, message in self.without_content.items() if key not in self.deleted]


def main(topic, folder):
    schemas = validators(folder)
    counts, wrong, erased, order, gaps = collections.Counter(), 0, Erased(), Order(), Gaps()
    for line in sys.stdin:
        line = line.rstrip("\n")
        if POISON in line:
            counts[POISON] += 1
            continue
        try:
            found = list(faults(line, topic, schemas))
            erased.see(line)
            order.see(line)
            gaps.see(line)
        except Exception as error:  # whatever it is, the message cannot be read
            found = [("unreadable", repr(error))]
        counts[found[0][0]] += 1
        for _, fault in found:
            if fault:
                wrong += 1
                print(f"{topic}: {fault}: {line[:400]}", file=sys.stderr)
    for message in erased.unexplained():
        wrong += 1
        print(f"{topic}: no content, and nobody was deleted: {json.dumps(message)[:400]}", file=sys.stderr)
    for actor, places in order.owed().items():
        print(f"{topic}: {actor}: before earlier ones, and not once more after them: {places[:20]}", file=sys.stderr)
    for actor, sequences in gaps.owed().items():
        print(f"{topic}: {actor}: commits that did not come, or not whole: {sequences[:20]}", file=sys.stderr)
    owed = len(order.owed().keys() | gaps.owed().keys())
    said = {"topic": topic, "messages": counts.total(), "wrong": wrong, "owed": owed, "late": order.late, "types": dict(counts)}
    print(json.dumps(said))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
