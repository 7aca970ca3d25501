//! The session, fed with events by hand.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one action")]

use super::*;
use ledger::{Class, Message};

const MS: Duration = Duration::from_millis(1);

fn settings() -> Settings {
    Settings { refusals_max: 3, refusal_wait: MS * 10, ..Settings::default() }
}

fn welcome() -> Welcome {
    Welcome { session_present: false, receive_max: 16, packet_bytes_max: None }
}

fn row(seq: u64, stream: &str) -> Message {
    Message {
        seq,
        id: format!("id-{seq}"),
        topic: "t".into(),
        payload: vec![0; 100],
        class: Class::Result,
        stream: stream.into(),
        queued_ms: 0,
        tries: 0,
    }
}

/// A session with an outbox in memory and a clock that the test moves.
struct Bench {
    session: Session,
    outbox: Vec<Message>,
    now: Duration,
    pkid: u16,
}

impl Bench {
    fn new(settings: Settings, outbox: Vec<Message>) -> Self {
        Self { session: Session::new(settings), outbox, now: Duration::ZERO, pkid: 0 }
    }

    /// Tells an event; answers fetches, settlements and packet ids. Gives all other actions.
    fn tell(&mut self, event: Event) -> Vec<Action> {
        let mut events = VecDeque::from([event]);
        let mut others = Vec::new();
        while let Some(event) = events.pop_front() {
            for action in self.session.apply(event, self.now) {
                match &action {
                    Action::Fetch { after, rows, .. } => {
                        let after = *after;
                        let found = self.outbox.iter().filter(|row| row.seq > after).take(*rows);
                        events.push_back(Event::Rows { after, rows: found.cloned().collect() });
                        continue;
                    }
                    Action::Settle(settlement) => {
                        let gone = |seq: &u64| {
                            settlement.sent.contains(seq)
                                || settlement.poisoned.iter().any(|(poisoned, _)| poisoned == seq)
                        };
                        self.outbox.retain(|row| !gone(&row.seq));
                        for row in &mut self.outbox {
                            row.tries += u32::from(settlement.tried.contains(&row.seq));
                        }
                        events.push_back(Event::Settled(settlement.clone()));
                    }
                    Action::PublishRow(_)
                    | Action::PublishState { .. }
                    | Action::PublishAnswer(_) => {
                        self.pkid += 1;
                        events.push_back(Event::Assigned(self.pkid));
                    }
                    _ => {}
                }
                others.push(action);
            }
        }
        others
    }

    fn tick(&mut self, after: Duration) -> Vec<Action> {
        self.now += after;
        self.tell(Event::Tick)
    }

    /// Connects; the birth has packet id 1 and is acknowledged.
    fn connect(&mut self, welcome: Welcome) -> Vec<Action> {
        self.pkid = 0;
        self.tick(Duration::from_secs(100));
        let mut actions = self.tell(Event::Connected(welcome));
        actions.extend(self.acknowledge(1, Verdict::Accepted));
        actions
    }

    fn acknowledge(&mut self, pkid: u16, verdict: Verdict) -> Vec<Action> {
        self.tell(Event::Acknowledged { pkid, verdict })
    }

    fn disconnect(&mut self) -> Vec<Action> {
        self.tell(Event::Disconnected(Fault { kind: FaultKind::Closed, text: "gone".into() }))
    }
}

fn published(actions: &[Action]) -> Vec<u64> {
    let seq = |action: &Action| match action {
        Action::PublishRow(row) => Some(row.seq),
        _ => None,
    };
    actions.iter().filter_map(seq).collect()
}

#[test]
fn a_message_leaves_the_outbox_when_its_puback_has_come_and_not_before() {
    let mut bench = Bench::new(settings(), vec![row(1, "a")]);

    assert_eq!(published(&bench.connect(welcome())), [1]);
    bench.tick(MS);
    assert_eq!(bench.outbox.len(), 1);
    bench.acknowledge(2, Verdict::Accepted);
    bench.tick(MS);

    assert_eq!(bench.outbox, []);
    assert_eq!(bench.session.counts().acknowledged, 1);
}

#[test]
fn an_answer_to_none_of_ours_takes_nothing_out() {
    let mut bench = Bench::new(settings(), vec![row(1, "a")]);
    bench.connect(welcome());

    bench.acknowledge(9, Verdict::Accepted);
    bench.acknowledge(1, Verdict::Accepted);
    bench.tick(MS);

    assert_eq!(bench.outbox.len(), 1);
}

#[test]
fn whatever_has_no_puback_is_sent_again_on_the_next_connection() {
    for session_present in [false, true] {
        let outbox = (1..=5).map(|seq| row(seq, &format!("slide-{seq}"))).collect();
        let mut bench = Bench::new(settings(), outbox);
        bench.connect(welcome());
        bench.acknowledge(4, Verdict::Accepted);

        bench.disconnect();
        let again = bench.connect(Welcome { session_present, ..welcome() });

        assert_eq!(published(&again), [1, 2, 4, 5], "session present: {session_present}");
    }
}

#[test]
fn a_message_waits_until_the_earlier_one_of_its_stream_is_decided() {
    let mut bench = Bench::new(settings(), vec![row(1, "a"), row(2, "a"), row(3, "b")]);

    assert_eq!(published(&bench.connect(welcome())), [1, 3]);
    assert_eq!(published(&bench.acknowledge(3, Verdict::Accepted)), [0; 0]);
    assert_eq!(published(&bench.acknowledge(2, Verdict::Accepted)), [2]);
}

#[test]
fn never_more_are_under_way_than_the_broker_grants_and_one_place_stays_free() {
    for (receive_max, most) in [(1, 1), (2, 1), (5, 4), (16, 15), (u16::MAX, 15)] {
        let outbox = (1..=40).map(|seq| row(seq, &format!("slide-{seq}"))).collect();
        let mut bench = Bench::new(settings(), outbox);

        let sent = published(&bench.connect(Welcome { receive_max, ..welcome() }));

        assert_eq!(sent.len(), most, "receive maximum {receive_max}");
    }
}

#[test]
fn a_refused_message_is_tried_a_few_times_then_set_apart_and_the_queue_goes_on() {
    let mut bench = Bench::new(settings(), vec![row(1, "a"), row(2, "a"), row(3, "b")]);
    let sent = bench.connect(welcome());
    assert_eq!(published(&sent), [1, 3]);

    let mut apart = Vec::new();
    for pkid in [2, 4, 5] {
        bench.acknowledge(pkid, Verdict::Refused("not authorised"));
        let written = bench.tick(MS * 100);
        apart.extend(written.into_iter().filter_map(|action| match action {
            Action::Settle(settlement) => Some(settlement.poisoned),
            _ => None,
        }));
    }

    let said = vec![(1, "not authorised (3 times)".to_owned())];
    assert_eq!(apart, [vec![], vec![], said], "set apart at the third refusal");
    assert_eq!(bench.outbox.iter().map(|row| row.seq).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(bench.session.counts().published, 5, "3, and 1 three times, and 2");
}

#[test]
fn behind_a_message_that_is_set_apart_its_stream_waits_for_the_disk() {
    let once = Settings { refusals_max: 1, ..settings() };
    let mut bench = Bench::new(once, vec![row(1, "a"), row(2, "a")]);
    bench.connect(welcome());

    let before = bench.acknowledge(2, Verdict::Refused("not authorised"));
    let after = bench.tick(MS);

    assert_eq!((published(&before), published(&after)), (vec![], vec![2]));
}

#[test]
fn while_one_stream_waits_after_a_refusal_others_go_on() {
    let mut bench = Bench::new(settings(), vec![row(1, "a"), row(2, "a"), row(3, "b")]);
    bench.connect(Welcome { receive_max: 1, ..welcome() });

    let next = bench.acknowledge(2, Verdict::Refused("not authorised"));

    assert_eq!(published(&next), [3]);
    assert_eq!(bench.session.streams_held(), 1);
}

#[test]
fn a_message_over_the_brokers_packet_limit_is_not_sent_and_is_set_apart_in_the_end() {
    let mut large = row(1, "a");
    large.payload = vec![0; 2000];
    let mut bench = Bench::new(settings(), vec![large, row(2, "a")]);

    let mut sent = bench.connect(Welcome { packet_bytes_max: Some(1000), ..welcome() });
    for _ in 0..5 {
        sent.extend(bench.tick(MS * 100));
    }

    assert_eq!(published(&sent), [2]);
    assert_eq!(bench.session.counts().poisoned, 1);
}

#[test]
fn a_broker_without_room_lets_all_wait_and_sets_nothing_apart() {
    let mut bench = Bench::new(settings(), vec![row(1, "a"), row(2, "b"), row(3, "b")]);
    bench.connect(Welcome { receive_max: 1, ..welcome() });

    for pkid in 2..30 {
        let at_once = bench.acknowledge(pkid, Verdict::Busy("quota exceeded"));
        assert_eq!(published(&at_once), [0; 0]);
        assert_eq!(published(&bench.tick(Duration::from_mins(5))), [1]);
    }

    assert_eq!(bench.session.counts().poisoned, 0);
    assert_eq!(published(&bench.acknowledge(30, Verdict::Accepted)), [2]);
}

#[test]
fn a_message_with_which_connections_are_lost_goes_alone_and_after_all_others() {
    let mut bench = Bench::new(settings(), vec![row(1, "a"), row(2, "a"), row(3, "b")]);
    for _ in 0..3 {
        assert_eq!(published(&bench.connect(welcome())), [1, 3]);
        bench.disconnect();
    }
    bench.outbox.push(row(4, "c"));

    assert_eq!(published(&bench.connect(welcome())), [4], "first who has no part in it");
    assert_eq!(published(&bench.acknowledge(2, Verdict::Accepted)), [1], "then one alone");
    bench.disconnect();
    assert_eq!(bench.session.streams_held(), 1);
    bench.now -= Duration::from_secs(100);
    assert_eq!(published(&bench.connect(welcome())), [3], "while the stream of 1 waits");
    bench.acknowledge(2, Verdict::Accepted);
    assert_eq!(published(&bench.tick(Duration::from_secs(1))), [1], "which is tried again");
    assert_eq!(bench.session.counts().poisoned, 0);
}

#[test]
fn suspects_that_fill_the_memory_are_still_sent_one_by_one() {
    let outbox = (1..=200).map(|seq| row(seq, &format!("slide-{}", seq % 5))).collect();
    let mut bench = Bench::new(settings(), outbox);
    for _ in 0..3 {
        bench.connect(welcome());
        bench.disconnect();
    }

    bench.connect(welcome());
    for pkid in 2..1000 {
        bench.acknowledge(pkid, Verdict::Accepted);
        bench.tick(MS);
    }

    assert_eq!(bench.outbox, []);
}

#[test]
fn a_birth_follows_each_connection_and_a_change_waits_for_its_answer() {
    let mut bench = Bench::new(settings(), vec![]);
    bench.tick(MS);

    let first = bench.tell(Event::Connected(welcome()));
    assert_eq!(first[..2], [Action::PublishState { goodbye: false }, Action::Subscribe]);
    assert_eq!(bench.tell(Event::StateChanged), []);
    assert_eq!(bench.tell(Event::Overtaken), []);
    let after = bench.acknowledge(1, Verdict::Accepted);

    assert_eq!(after, [Action::PublishState { goodbye: false }]);
}

#[test]
fn health_goes_out_while_the_window_is_full() {
    let outbox = (1..=40).map(|seq| row(seq, &format!("slide-{seq}"))).collect();
    let mut bench = Bench::new(settings(), outbox);
    bench.connect(welcome());

    assert!(bench.tick(Duration::from_secs(31)).contains(&Action::PublishHealth));
}

#[test]
fn a_broker_that_answers_nothing_is_left() {
    let mut bench = Bench::new(settings(), vec![row(1, "a")]);
    bench.connect(welcome());

    bench.tick(Duration::from_secs(59));
    assert!(bench.session.is_online());
    let actions = bench.tick(Duration::from_secs(2));

    assert!(matches!(&actions[..], [.., Action::Cut { why: Some(fault) }]
        if fault.kind == FaultKind::Stalled));
    assert_eq!(published(&bench.connect(welcome())), [1]);
}

#[test]
fn a_clean_stop_says_goodbye_and_waits_for_the_answer_and_the_disk() {
    let mut bench = Bench::new(settings(), vec![row(1, "a"), row(2, "a")]);
    bench.connect(welcome());

    let goodbye = bench.tell(Event::Stop { by: bench.now + MS * 100 });
    assert_eq!(goodbye, [Action::PublishState { goodbye: true }]);
    assert_eq!(bench.acknowledge(2, Verdict::Accepted), [], "nothing new is begun");
    bench.acknowledge(3, Verdict::Accepted);
    let close = bench.tick(MS);
    assert!(close.contains(&Action::Close), "{close:?}");
    let end = bench.tell(Event::Closed);

    assert_eq!(end, [Action::Finished { clean: true }]);
    assert_eq!(bench.outbox.len(), 1);
}

#[test]
fn a_stop_without_a_broker_or_after_its_deadline_is_not_clean() {
    let mut away = Bench::new(settings(), vec![]);
    away.tick(MS);
    let end = away.tell(Event::Stop { by: MS * 100 });
    assert_eq!(end, [Action::Cut { why: None }, Action::Finished { clean: false }]);

    let mut silent = Bench::new(settings(), vec![]);
    silent.connect(welcome());
    silent.tell(Event::Stop { by: silent.now + MS * 100 });
    let end = silent.tick(MS * 100);
    assert_eq!(end, [Action::Cut { why: None }, Action::Finished { clean: false }]);
    assert_eq!(silent.disconnect(), []);
    assert_eq!(silent.tick(Duration::from_secs(1000)), []);
}

#[test]
fn an_answer_that_was_under_way_is_sent_again_and_too_many_are_bounded() {
    let answer =
        |n: u16| Answer { topic: format!("reply/{n}"), correlation: None, payload: vec![] };
    let mut bench = Bench::new(settings(), vec![]);
    bench.connect(welcome());
    assert_eq!(bench.tell(Event::Answered(answer(1))), [Action::PublishAnswer(answer(1))]);

    bench.disconnect();
    for n in 2..=100 {
        bench.tell(Event::Answered(answer(n)));
    }
    let again = bench.connect(welcome());

    assert!(again.contains(&Action::PublishAnswer(answer(100 - 63))));
    assert_eq!(bench.session.counts().answers_dropped, 36);
}

#[test]
fn a_decision_that_the_disk_did_not_take_is_written_again_and_not_sent_again() {
    let mut session = Session::new(settings());
    session.apply(Event::Tick, MS);
    session.apply(Event::Connected(welcome()), MS);
    session.apply(Event::Rows { after: 0, rows: vec![row(1, "a")] }, MS);
    session.apply(Event::Assigned(1), MS);
    session.apply(Event::Assigned(2), MS);
    session.apply(Event::Acknowledged { pkid: 2, verdict: Verdict::Accepted }, MS);
    let settle = Action::Settle(Settlement { sent: vec![1], ..Settlement::default() });

    assert!(session.apply(Event::Tick, MS).contains(&settle));
    session.apply(Event::Settled(Settlement::default()), MS);
    assert!(!session.apply(Event::Tick, MS * 2).contains(&settle), "not at once");
    session.apply(Event::OutboxGrew, MS * 3);
    let again = session.apply(Event::Rows { after: 1, rows: vec![] }, MS * 3);

    assert_eq!(published(&again), [0; 0]);
    assert!(session.apply(Event::Tick, Duration::from_secs(2)).contains(&settle));
}
