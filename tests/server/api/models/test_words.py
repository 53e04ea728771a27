from typing import get_args

import pytest

from server.api.models import words
from stores import enumerations


@pytest.mark.parametrize(
    ("type_", "kept"),
    [
        (words.AgentRole, enumerations.AGENT_ROLES),
        (words.ModelTier, enumerations.MODEL_TIERS),
        (words.AgentStatus, enumerations.AGENT_STATUSES),
        (words.TaskStatus, enumerations.TASK_STATUSES),
        (words.TaskPriority, enumerations.TASK_PRIORITIES),
        (words.VerificationVerdict, enumerations.VERDICTS),
        (words.NoteType, enumerations.NOTE_TYPES),
        (words.WorkspaceStatus, enumerations.WORKSPACE_STATUSES),
        (words.CodebaseSourceType, enumerations.SOURCE_TYPES),
        (words.MessageRole, enumerations.MESSAGE_ROLES),
        (words.BackgroundTaskStatus, enumerations.BACKGROUND_STATUSES),
        (words.BackgroundTaskPriority, enumerations.BACKGROUND_PRIORITIES),
        (words.TriggerSource, enumerations.TRIGGER_SOURCES),
    ],
)
def test_the_words_of_the_api_are_those_of_the_tables(type_: object, kept: tuple[str, ...]) -> None:
    assert get_args(type_) == kept
