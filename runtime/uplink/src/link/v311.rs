//! MQTT 3.1.1: no reasons, no properties; a broker that refuses a message acknowledges it or ends
//! the connection.

use rumqttc::{
    AsyncClient, Event, LastWill, MqttOptions, NetworkOptions, Outgoing as Sent, Packet, Publish,
    QoS, SubscribeFilter, SubscribeReasonCode, Transport,
};

use super::{
    CLIENT_INFLIGHT, Client, INCOMING_BYTES_MAX, NotTaken, Outgoing, REQUESTS, Said, Sender,
};
use crate::command::Incoming;
use crate::config::Config;
use crate::session::{Verdict, Welcome};

/// The library's time for one flush, s. It is also its time to connect, which ours is far below; a
/// large message on a slow link needs longer than the default of 5 s and would never get through.
const FLUSH_S: u64 = 24 * 3600;

pub(super) fn open(
    config: &Config,
    transport: Transport,
    password: Option<String>,
    will: Vec<u8>,
) -> (Sender, Client) {
    let (incoming, outgoing) = (INCOMING_BYTES_MAX as usize, config.session.packet_bytes_max);
    let will = LastWill::new(config.topics.state(), will, QoS::AtLeastOnce, true);
    let mut options = MqttOptions::new(&config.client_id, &config.host, config.port);
    options
        .set_transport(transport)
        .set_keep_alive(config.keep_alive)
        .set_clean_session(false)
        .set_max_packet_size(incoming, outgoing as usize)
        .set_inflight(CLIENT_INFLIGHT)
        .set_last_will(will);
    if let (Some(login), Some(password)) = (&config.login, password) {
        options.set_credentials(&login.user, password);
    }
    let (client, mut events) = AsyncClient::new(options, REQUESTS);
    let mut network = NetworkOptions::new();
    network.set_connection_timeout(FLUSH_S);
    events.set_network_options(network);

    (Sender::V311(client), Client::V311(Box::new(events)))
}

pub(super) fn publish(
    client: &AsyncClient,
    topic: &str,
    outgoing: Outgoing,
) -> Result<(), NotTaken> {
    let (qos, retain, payload) = match outgoing {
        Outgoing::Row(row, retain) => (QoS::AtLeastOnce, retain, row.payload),
        Outgoing::State(payload) => (QoS::AtLeastOnce, true, payload),
        Outgoing::Health(payload) => (QoS::AtMostOnce, false, payload),
        Outgoing::Answer(answer) => (QoS::AtLeastOnce, false, answer.payload),
    };

    client.try_publish(topic, qos, retain, payload).map_err(|_| NotTaken)
}

pub(super) fn subscribe(
    client: &AsyncClient,
    commands: String,
    state: String,
) -> Result<(), NotTaken> {
    let filters = [(commands, QoS::AtLeastOnce), (state, QoS::AtMostOnce)]
        .map(|(path, qos)| SubscribeFilter::new(path, qos));

    client.try_subscribe_many(filters).map_err(|_| NotTaken)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all other packets say that it is alive")]
pub(super) fn said(event: Event) -> Said {
    match event {
        Event::Outgoing(sent) => match sent {
            Sent::Publish(pkid) if pkid != 0 => Said::Assigned(pkid),
            Sent::Disconnect => Said::Closed,
            _ => Said::Alive,
        },
        Event::Incoming(packet) => match packet {
            Packet::ConnAck(connack) => Said::Connected(Welcome {
                session_present: connack.session_present,
                receive_max: u16::MAX,
                packet_bytes_max: None,
            }),
            Packet::PubAck(puback) => {
                Said::Acknowledged { pkid: puback.pkid, verdict: Verdict::Accepted }
            }
            Packet::Publish(publish) => Said::Received(incoming(publish)),
            Packet::SubAck(suback) => {
                if suback.return_codes.contains(&SubscribeReasonCode::Failure) {
                    Said::SubscriptionRefused
                } else {
                    Said::Alive
                }
            }
            _ => Said::Alive,
        },
    }
}

fn incoming(publish: Publish) -> Incoming {
    Incoming {
        topic: publish.topic,
        payload: publish.payload.to_vec(),
        retained: publish.retain,
        response_topic: None,
        correlation: None,
    }
}
