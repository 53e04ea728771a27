"""The enumerations of the contract, as types; the tables keep a row to the same words."""

from typing import Literal

AgentRole = Literal["ROUTA", "CRAFTER", "GATE", "DEVELOPER"]
ModelTier = Literal["SMART", "BALANCED", "FAST"]
AgentStatus = Literal["PENDING", "ACTIVE", "COMPLETED", "ERROR", "CANCELLED"]
TaskStatus = Literal["PENDING", "IN_PROGRESS", "REVIEW_REQUIRED", "COMPLETED", "NEEDS_FIX", "BLOCKED", "CANCELLED"]
TaskPriority = Literal["low", "medium", "high", "urgent"]
VerificationVerdict = Literal["APPROVED", "NOT_APPROVED", "BLOCKED"]
NoteType = Literal["spec", "task", "general"]
WorkspaceStatus = Literal["active", "archived"]
CodebaseSourceType = Literal["local", "github"]
MessageRole = Literal["SYSTEM", "USER", "ASSISTANT", "TOOL"]
BackgroundTaskStatus = Literal["PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"]
BackgroundTaskPriority = Literal["HIGH", "NORMAL", "LOW"]
TriggerSource = Literal["manual", "schedule", "webhook", "polling", "fleet", "workflow"]
