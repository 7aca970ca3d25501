//! The model of what is outside the session: the client library, the link, the broker.
//!
//! Packets go first in, first out, in both directions; a cut loses what is on the way. The broker
//! takes messages, has no room, or refuses; its answers may come twice, out of order, or never.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use uplink::session::{Action, Event, Fault, FaultKind, Verdict, Welcome};

/// A seeded generator: SplitMix64.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub(crate) fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

/// A QoS 1 message: its stream and id, or none for the state.
type Parcel = Option<(String, String)>;

/// Everything outside.
#[derive(Default)]
pub(crate) struct Outside {
    link: Link,
    dead: bool,
    /// The outbox has grown and nobody has said so.
    pub(crate) grew: bool,
    granted: u16,
    packet_bytes_max: Option<u64>,
    handed: VecDeque<Parcel>,
    under_way: BTreeMap<u16, Parcel>,
    last_pkid: u16,
    upward: VecDeque<(u16, Parcel)>,
    events: VecDeque<Event>,
    answers: Vec<Event>,
    /// What the broker has taken, in order.
    pub(crate) arrivals: Vec<(String, String)>,
    /// Ids for which an acceptance was delivered.
    pub(crate) heard_accepted: BTreeSet<String>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Link {
    #[default]
    Down,
    Asked,
    Up,
}

impl Outside {
    /// The session has asked for something.
    pub(crate) fn told(&mut self, action: Action, chance: &mut Chance) {
        match action {
            Action::Connect { .. } => {
                self.drop_all();
                self.link = Link::Asked;
                self.granted = [1, 2, 5, 16, u16::MAX][chance.below(5) as usize];
                self.packet_bytes_max = chance.one_in(10).then_some(500);
            }
            Action::Cut { .. } => {
                self.drop_all();
                self.link = Link::Down;
            }
            Action::PublishState { .. } => self.hand(None),
            Action::PublishRow(row) => {
                let limit = self.packet_bytes_max.unwrap_or(u64::MAX);
                assert!(row.payload.len() as u64 <= limit, "larger than the broker takes");
                let stream = Some(&row.stream);
                let parcels = self.handed.iter().chain(self.under_way.values());
                let same = parcels.flatten().any(|(other, _)| Some(other) == stream);
                assert!(!same, "two of {stream:?} are under way");
                self.hand(Some((row.stream, row.id)));
            }
            Action::Subscribe
            | Action::PublishHealth
            | Action::PublishAnswer(_)
            | Action::Complain(_)
            | Action::Close
            | Action::Finished { .. }
            | Action::Fetch { .. }
            | Action::Settle(_) => {}
        }
    }

    fn hand(&mut self, parcel: Parcel) {
        // It is cut already, and the session does not know yet.
        if self.link != Link::Up {
            return;
        }
        self.handed.push_back(parcel);
        let count = self.handed.len() + self.under_way.len();
        assert!(count <= usize::from(self.granted.min(16)), "more than the broker grants");
    }

    /// The library puts the oldest message on the link.
    pub(crate) fn library_takes_one(&mut self, chance: &mut Chance) {
        if self.link != Link::Up || (self.handed.is_empty() && !chance.one_in(2)) {
            return;
        }
        let Some(parcel) = self.handed.pop_front() else { return };
        loop {
            self.last_pkid = self.last_pkid % 40 + 1;
            let answered = |answer: &Event| matches!(answer, Event::Acknowledged { pkid, .. } if *pkid == self.last_pkid);
            // An id is free when its message has its answer and none is on the way any more.
            let free = !self.under_way.contains_key(&self.last_pkid);
            if free && !self.answers.iter().any(answered) {
                break;
            }
        }
        self.under_way.insert(self.last_pkid, parcel.clone());
        self.upward.push_back((self.last_pkid, parcel));
        self.events.push_back(Event::Assigned(self.last_pkid));
    }

    /// The broker takes the oldest message from the link, and answers it some day.
    pub(crate) fn broker_takes_one(&mut self, chance: &mut Chance, good: bool) {
        if self.link != Link::Up || self.dead {
            return;
        }
        let Some((pkid, parcel)) = self.upward.pop_front() else { return };
        let forbidden = parcel.as_ref().is_some_and(|(_, id)| id.starts_with("forbidden"));
        let verdict = match chance.below(20) {
            _ if forbidden => Verdict::Refused("not authorised"),
            0 if !good && parcel.is_some() => Verdict::Busy("quota exceeded"),
            _ => Verdict::Accepted,
        };
        if verdict == Verdict::Accepted {
            self.arrivals.extend(parcel);
        }
        if !good && chance.one_in(60) {
            return;
        }
        let answer = Event::Acknowledged { pkid, verdict };
        if !good && chance.one_in(20) {
            self.answers.push(answer.clone());
        }
        self.answers.push(answer);
    }

    /// What the session hears next.
    pub(crate) fn says(&mut self, chance: &mut Chance, good: bool) -> Option<Event> {
        if self.link == Link::Asked {
            let fault = Fault { kind: FaultKind::Unreachable, text: "away".into() };
            let refused = self.dead || (!good && chance.one_in(4));
            self.link = if refused { Link::Down } else { Link::Up };
            return Some(if refused { Event::Disconnected(fault) } else { self.welcome(chance) });
        }
        if std::mem::take(&mut self.grew) {
            return Some(Event::OutboxGrew);
        }
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        let count = self.answers.len() as u64;
        if self.link != Link::Up || count == 0 || !chance.one_in(2) {
            return None;
        }
        let next = if !good && chance.one_in(4) { chance.below(count) } else { 0 };
        Some(self.answers.remove(next as usize))
    }

    fn welcome(&mut self, chance: &mut Chance) -> Event {
        Event::Connected(Welcome {
            session_present: chance.one_in(2),
            receive_max: self.granted,
            packet_bytes_max: self.packet_bytes_max,
        })
    }

    /// An answer is delivered.
    pub(crate) fn hears(&mut self, pkid: u16, verdict: Verdict) {
        if let Some(Some((_, id))) = self.under_way.remove(&pkid)
            && verdict == Verdict::Accepted
        {
            self.heard_accepted.insert(id);
        }
    }

    /// The link breaks: what is on the way is lost.
    pub(crate) fn cut(&mut self) {
        if self.link == Link::Up {
            self.drop_all();
            self.link = Link::Down;
            let fault = Fault { kind: FaultKind::Closed, text: "cut".into() };
            self.events.push_back(Event::Disconnected(fault));
        }
    }

    fn drop_all(&mut self) {
        self.handed.clear();
        self.under_way.clear();
        self.upward.clear();
        self.events.clear();
        self.answers.clear();
    }

    /// The box has forgotten all.
    pub(crate) fn forgets(&mut self) {
        self.drop_all();
        self.link = Link::Down;
    }

    pub(crate) fn broker_dies_or_returns(&mut self) {
        self.dead = !self.dead;
        if self.dead {
            self.cut();
        }
    }

    pub(crate) fn becomes_good(&mut self) {
        self.dead = false;
    }
}
