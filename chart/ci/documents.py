"""What a rendered chart makes, in the order in which Helm makes it."""
import yaml


def documents_in(text):
    """Every resource; those of a list one by one."""
    for document in yaml.safe_load_all(text):
        if document and document["kind"] == "List":
            yield from document["items"]
        elif document:
            yield document


def of_kind(documents, kind):
    return [document for document in documents if document["kind"] == kind]
