"""One function per subject: what is said about it, before manner is added."""

from collections.abc import Mapping

from personalities.voice.replies import acts, advice, care, memories, record, small, who
from personalities.voice.replies.acts import Handler

HANDLERS: Mapping[str, Handler] = {
    "greeting": who.greeting,
    "farewell": small.farewell,
    "thanks": small.thanks,
    "compliment": small.compliment,
    "name": who.name,
    "nature": who.nature,
    "traits": who.traits,
    "origin": who.origin,
    "values": who.values,
    "mood": who.mood,
    "change": record.change,
    "owner": record.owner,
    "neighbours": record.neighbours,
    "proof": record.proof,
    "recall": memories.recall,
    "remember": memories.remember,
    "forget": memories.forget,
    "share": memories.share,
    "help": small.helping,
    "something": acts.something,
    "question": acts.question,
    "riddle": acts.riddle,
    "answer": acts.answer,
    "dream": acts.dream,
    "debate": acts.debate,
    "letter": acts.letter,
    "advice": advice.advice,
    "feelings_sad": care.sad,
    "feelings_angry": care.angry,
    "feelings_happy": care.happy,
    "crisis": care.crisis,
    "insult": care.insult,
    "injection": care.injection,
    "price": care.price,
    "seed": care.seed,
    "repetition": small.repetition,
    "foreign": small.foreign,
    "yes": small.yes,
    "no": small.no,
    "unknown": small.unknown,
}
