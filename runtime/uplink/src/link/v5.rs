//! MQTT 5.

use contract::message::CONTENT_TYPE;
use rumqttc::Outgoing as Sent;
use rumqttc::Transport;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, ConnectProperties, Filter, LastWill, LastWillProperties, Packet, PubAckReason,
    Publish, PublishProperties, RetainForwardRule, SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, Event, MqttOptions};

use super::{
    CLIENT_INFLIGHT, Client, EXPIRY_S, INCOMING_BYTES_MAX, NotTaken, Outgoing, REQUESTS, Said,
    Sender,
};
use crate::command::Incoming;
use crate::config::Config;
use crate::session::{Verdict, Welcome};

pub(super) fn open(
    config: &Config,
    transport: Transport,
    password: Option<String>,
    will: Vec<u8>,
) -> (Sender, Client) {
    let mut options = MqttOptions::new(&config.client_id, &config.host, config.port);
    options
        .set_transport(transport)
        .set_keep_alive(config.keep_alive)
        .set_connection_timeout(config.connect_timeout.as_secs())
        .set_clean_start(false)
        .set_connect_properties(properties(config))
        .set_outgoing_inflight_upper_limit(CLIENT_INFLIGHT)
        .set_last_will(last_will(config, will));
    if let (Some(login), Some(password)) = (&config.login, password) {
        options.set_credentials(&login.user, password);
    }
    let (client, events) = AsyncClient::new(options, REQUESTS);

    (Sender::V5(client), Client::V5(Box::new(events)))
}

fn properties(config: &Config) -> ConnectProperties {
    ConnectProperties {
        session_expiry_interval: u32::try_from(config.session_expiry.as_secs()).ok(),
        max_packet_size: Some(INCOMING_BYTES_MAX),
        ..ConnectProperties::new()
    }
}

fn last_will(config: &Config, will: Vec<u8>) -> LastWill {
    let properties = LastWillProperties {
        delay_interval: u32::try_from(config.will_delay.as_secs()).ok(),
        payload_format_indicator: Some(1),
        message_expiry_interval: None,
        content_type: Some(CONTENT_TYPE.to_owned()),
        response_topic: None,
        correlation_data: None,
        user_properties: Vec::new(),
    };

    LastWill::new(config.topics.state(), will, QoS::AtLeastOnce, true, Some(properties))
}

pub(super) fn publish(
    client: &AsyncClient,
    topic: &str,
    outgoing: Outgoing,
) -> Result<(), NotTaken> {
    let mut properties = PublishProperties {
        payload_format_indicator: Some(1),
        content_type: Some(CONTENT_TYPE.to_owned()),
        ..PublishProperties::default()
    };
    let (qos, retain, payload) = match outgoing {
        Outgoing::Row(row, retain) => {
            properties.user_properties.push(("id".to_owned(), row.id));
            (QoS::AtLeastOnce, retain, row.payload)
        }
        Outgoing::State(payload) => (QoS::AtLeastOnce, true, payload),
        Outgoing::Health(payload) => {
            properties.message_expiry_interval = Some(EXPIRY_S);
            (QoS::AtMostOnce, false, payload)
        }
        Outgoing::Answer(answer) => {
            properties.message_expiry_interval = Some(EXPIRY_S);
            properties.correlation_data = answer.correlation.map(Into::into);
            (QoS::AtLeastOnce, false, answer.payload)
        }
    };

    client
        .try_publish_with_properties(topic, qos, retain, payload, properties)
        .map_err(|_| NotTaken)
}

pub(super) fn subscribe(
    client: &AsyncClient,
    commands: String,
    state: String,
) -> Result<(), NotTaken> {
    let filters =
        [(commands, QoS::AtLeastOnce), (state, QoS::AtMostOnce)].map(|(path, qos)| Filter {
            path,
            qos,
            nolocal: false,
            preserve_retain: true,
            retain_forward_rule: RetainForwardRule::OnEverySubscribe,
        });

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
            Packet::ConnAck(connack) => Said::Connected(welcome(&connack)),
            Packet::PubAck(puback) => {
                Said::Acknowledged { pkid: puback.pkid, verdict: verdict(puback.reason) }
            }
            Packet::Publish(publish) => Said::Received(incoming(publish)),
            Packet::SubAck(suback) => {
                let granted = |code| matches!(code, &SubscribeReasonCode::Success(_));
                if suback.return_codes.iter().all(granted) {
                    Said::Alive
                } else {
                    Said::SubscriptionRefused
                }
            }
            _ => Said::Alive,
        },
    }
}

fn welcome(connack: &ConnAck) -> Welcome {
    let properties = connack.properties.as_ref();

    Welcome {
        session_present: connack.session_present,
        receive_max: properties.and_then(|granted| granted.receive_max).unwrap_or(u16::MAX),
        packet_bytes_max: properties.and_then(|granted| granted.max_packet_size).map(u64::from),
    }
}

fn verdict(reason: PubAckReason) -> Verdict {
    match reason {
        PubAckReason::Success | PubAckReason::NoMatchingSubscribers => Verdict::Accepted,
        PubAckReason::QuotaExceeded => Verdict::Busy("quota exceeded"),
        PubAckReason::UnspecifiedError => Verdict::Busy("unspecified error"),
        PubAckReason::ImplementationSpecificError => Verdict::Busy("implementation specific error"),
        PubAckReason::PacketIdentifierInUse => Verdict::Busy("packet identifier in use"),
        PubAckReason::NotAuthorized => Verdict::Refused("not authorised for the topic"),
        PubAckReason::TopicNameInvalid => Verdict::Refused("the topic's name is invalid"),
        PubAckReason::PayloadFormatInvalid => Verdict::Refused("the payload's format is invalid"),
    }
}

fn incoming(publish: Publish) -> Incoming {
    let properties = publish.properties.unwrap_or_default();

    Incoming {
        topic: String::from_utf8_lossy(&publish.topic).into_owned(),
        payload: publish.payload.to_vec(),
        retained: publish.retain,
        response_topic: properties.response_topic,
        correlation: properties.correlation_data.map(|data| data.to_vec()),
    }
}
