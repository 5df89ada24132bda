"""HL7 v2.5 as ER7 text: demographics queries (IHE ITI-21) out, their answers in. Nothing here can build an event message (ADT)."""
