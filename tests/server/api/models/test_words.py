from typing import get_args

import pytest

from server.api.models import words
from stores import tables


@pytest.mark.parametrize(
    ("type_", "kept"),
    [
        (words.AgentRole, tables.AGENT_ROLES),
        (words.ModelTier, tables.MODEL_TIERS),
        (words.AgentStatus, tables.AGENT_STATUSES),
        (words.TaskStatus, tables.TASK_STATUSES),
        (words.TaskPriority, tables.TASK_PRIORITIES),
        (words.VerificationVerdict, tables.VERDICTS),
        (words.NoteType, tables.NOTE_TYPES),
        (words.WorkspaceStatus, tables.WORKSPACE_STATUSES),
        (words.CodebaseSourceType, tables.SOURCE_TYPES),
        (words.MessageRole, tables.MESSAGE_ROLES),
        (words.BackgroundTaskStatus, tables.BACKGROUND_STATUSES),
        (words.BackgroundTaskPriority, tables.BACKGROUND_PRIORITIES),
        (words.TriggerSource, tables.TRIGGER_SOURCES),
    ],
)
def test_the_words_of_the_api_are_those_of_the_tables(type_: object, kept: tuple[str, ...]) -> None:
    assert get_args(type_) == kept
