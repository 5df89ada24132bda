"""What each task says: what happened and what to do. No name, no date of birth, no part in the case: the page adds the person."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from gateway.domain.tasks import TaskKind


class TaskWords(NamedTuple):
    """``what`` happened, and what ``to_do``."""

    title: str
    what: str
    to_do: str


WORDS: Mapping[TaskKind, TaskWords] = MappingProxyType(
    {
        TaskKind.SETTLE_MATCH: TaskWords(
            "Settle a possible match",
            "Your record system answered with one or more records that may be this person's. No rule makes it certain.",
            "Compare the records with what the list says, and choose one, or none. If in doubt look in your own system first.",
        ),
        TaskKind.PLACE_FLAG_BY_HAND: TaskWords(
            "Place an alert by hand",
            "An alert was approved, and the gateway may not or cannot write it itself.",
            "Check that the person is open to your service. Put the exact words, and nothing else, where only staff can see them: never where "
            "the person, a proxy, a joint tenant or the household could, and never where a letter or notice follows. If your system has no "
            "such place, or the person is not open to your service, place nothing and say so in the receipt.",
        ),
        TaskKind.REMOVE_FLAG_BY_HAND: TaskWords(
            "Remove an alert by hand",
            "An alert is to go, and the gateway did not place it or could not remove it.",
            "Remove the alert, look at the record again, and write in the receipt that it is gone.",
        ),
        TaskKind.CHECK_UNSURE_FLAG: TaskWords(
            "Look whether an alert is there",
            "An alert was sent and no answer came that can be trusted. It may be on the record or not. It is not sent again blindly.",
            "Look at the record. Say whether the alert is there, in the exact words, where only staff can see it.",
        ),
        TaskKind.FLAG_SEEN_BY_SUBJECT: TaskWords(
            "An alert may have been visible to the person",
            "After an alert was written, a view that the person or their family can open had changed, or could not be read. The alert is "
            "being withdrawn.",
            "Now: find out what could be seen, since when and by whom. Follow your agency's disclosure procedure and speak to your "
            "safeguarding lead and the advocate about the risk. Tell the system's owner. No alert is sent to this system for the person "
            "until this is settled.",
        ),
        TaskKind.FLAG_ON_WRONG_RECORD: TaskWords(
            "An alert was read back from another record",
            "The alert stands, or stood, on a record that was not approved. It is being withdrawn.",
            "Now: look at both records. Make sure that the alert is gone from the wrong one, and report the incident in your agency.",
        ),
        TaskKind.FLAG_CHANGED: TaskWords(
            "An alert was changed or removed by somebody else",
            "What stands on the record is not what was approved. Whatever is left of it is being withdrawn.",
            "Find out who changed it and why. If an alert is still needed, propose it again.",
        ),
        TaskKind.ANSWER_BY_HAND: TaskWords(
            "Look somebody up by hand",
            'Your agency has no system that could be asked, or it gave no answer that can be trusted. That is never taken for "not known".',
            "Look the person up in your own system and record whether they are known. If the system is working again, ask again.",
        ),
        TaskKind.DO_ACTION: TaskWords(
            "An action for your agency",
            "An action set at the meeting could not be put into your own system, or came back closed without saying what was done.",
            "Pass it to whoever is to do it. When it ends, close it with what was done, or why it was not possible or not done.",
        ),
        TaskKind.COMPLETION_DIFFERS: TaskWords(
            "Two different answers about one action",
            "The action was closed before with another answer. The first answer stands.",
            "Ask the agency which answer is right, and note it in the receipt.",
        ),
        TaskKind.BOTH_ROLES: TaskWords(
            "Somebody stands in two parts",
            "The same person appears in more than one part, in this list or an earlier one. No alert is placed meanwhile, and one on its "
            "way was stopped.",
            "Decide with the chair and the advocate who is at risk from whom. The gateway never decides who the primary victim is. Say whether an "
            "alert for this entry may go on; it still needs a proposal and a second person, and the question returns with the next entry.",
        ),
        TaskKind.HELD_ON_LIST: TaskWords(
            "Correct the case list",
            "Somebody in the list could not be taken in as written: the reason says why, and the list's findings say in which row. Who is new "
            "is asked about nowhere until then; who was in an earlier issue keeps what is known, and no new alert is placed.",
            "Correct the row and send the list again. If the meeting is near, tell the agencies by hand.",
        ),
        TaskKind.PEOPLE_LEFT_OUT: TaskWords(
            "A corrected list leaves people out",
            "People of the issue before do not stand in the newest one. They are taken for withdrawn: nobody is asked about them any more, and "
            "alerts for them are reviewed.",
            "Make sure that they were meant to go. If only part of the list was sent, send the whole list again now.",
        ),
        TaskKind.REVIEW_FLAG: TaskWords(
            "Review an alert",
            "Something changed that the alert rested on, or the record needs a person's judgement first.",
            "Open the alert or the person, look at the reason, and renew, end or leave it. Nothing is undone by itself.",
        ),
        TaskKind.MESSAGE_STUCK: TaskWords(
            "Something did not get through",
            "A message was given up, or has been on its way for too long.",
            "Look at the queue for its reason. Do by hand what it was to do, or have it sent again.",
        ),
        TaskKind.DIFFERENCE_FOUND: TaskWords(
            "What stands there is not what should",
            "The agency's system was asked, and does not show what the gateway expects, or could not be read.",
            "Look in the agency's system and put right which of the two is wrong.",
        ),
        TaskKind.PROBE_FAILED: TaskWords(
            "A probe failed: alerts may show to others than staff",
            "The gateway put an alert on the record of a test person, and somebody else than staff could tell; or nothing could be proved. "
            "Nothing more is written to that system.",
            "Now: look at the findings on the page Proof and stop with the system's owner. Find out whether alerts that stand there can be "
            "seen, and recall those that can. Once it is mended, probe again; then two people restart writing.",
        ),
        TaskKind.PROVE_AGAIN: TaskWords(
            "Prove again that a system hides alerts",
            "The proof of a system ends soon, or has ended: it is too old, the system or its register changed, or signatures are missing.",
            "Probe the system, look at the outputs that only people can look at, and have two people sign. Without a proof nothing is written.",
        ),
        TaskKind.WRITING_STOPPED: TaskWords(
            "Writing to a system is stopped",
            "Somebody stopped it. What was to be written waits; people are still looked up, and alerts can still be taken away.",
            "Find out why. When it is safe again, one person asks for the restart and another confirms it.",
        ),
        TaskKind.RECORD_CHANGED: TaskWords(
            "The record under an alert has changed",
            "The record was merged or taken apart, names somebody else, has another practice, or somebody else may open it now. The alert is "
            "frozen: the gateway neither moves nor removes it by itself.",
            "Look at the record now. Say whether the alert still stands on the right person's record, where only staff can see it. If not, it "
            "is recalled from every place it went.",
        ),
    }
)
"""Every kind of task has its words."""


def words_for(kind: TaskKind) -> TaskWords:
    """The words of a kind of task."""
    return WORDS[kind]
