"""Expressions of the app's flows, evaluated in the place of their workflows."""


def condense_87_groups(fan_in, level):
    # document_pipeline.py:87: a loop in Workflows costs a step for every round, a call of the helper function one step
    return [level[start:start + fan_in] for start in range(0, len(level), fan_in)]


def condense_88_text(group):
    # document_pipeline.py:88: a loop in Workflows costs a step for every round, a call of the helper function one step
    return "\n\n".join(group)


def condense_89_result(level):
    # document_pipeline.py:89: it raises an error for some values
    return level[0]


def summarise_document_102_texts(summaries):
    # document_pipeline.py:102: a loop in Workflows costs a step for every round, a call of the helper function one step
    return [summary["summary"] for summary in summaries]


def summarise_document_97_result(_condense, document, parts, summaries):
    # document_pipeline.py:97: a loop in Workflows costs a step for every round, a call of the helper function one step
    return {"document": document, "parts": len(parts), "words": sum(part["words"] for part in parts), "titles": [summary["title"] for summary in summaries], "summary": _condense}


def summarise_folder_113_result(_condense, documents):
    # document_pipeline.py:113: a loop in Workflows costs a step for every round, a call of the helper function one step
    return {"documents": documents, "words": sum(document["words"] for document in documents), "overview": _condense}


def summarise_folder_116_texts(documents):
    # document_pipeline.py:116: a loop in Workflows costs a step for every round, a call of the helper function one step
    return [document["summary"] for document in documents]


def text_of_an_answer(said):
    # document_pipeline.py:83: Python knows more blanks than Workflows
    return said.strip()


CROSSINGS = {
    'summarise_document_97_result': {'': 'summarise_document returned a value that is not of its type'},
    'summarise_folder_113_result': {'': 'summarise_folder returned a value that is not of its type'},
}
