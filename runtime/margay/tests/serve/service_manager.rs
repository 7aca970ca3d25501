//! What systemd hears of the box.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::appliance::Appliance;

#[test]
fn the_service_manager_hears_ready_progress_and_stopping() {
    let mut appliance = Appliance::new();
    let path = appliance.path("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    appliance.start_in(&[("NOTIFY_SOCKET", &path)]);

    let before = hear_until(&socket, "READY=1");
    let between = hear_until(&socket, "WATCHDOG=1");
    assert_eq!(appliance.stop(), 0);
    let after = hear_until(&socket, "STOPPING=1");

    assert!(!before.contains("WATCHDOG=1"), "the watchdog was fed before the box was up: {before}");
    assert!(!between.contains("STOPPING=1") && !after.contains("READY=1"));
}

/// All that is heard up to `word`.
fn hear_until(socket: &UnixDatagram, word: &str) -> String {
    let mut heard = String::new();
    let mut piece = [0; 4096];
    while !heard.contains(word) {
        let bytes =
            socket.recv(&mut piece).unwrap_or_else(|_| panic!("{word} is not heard: {heard}"));
        heard.push_str(&String::from_utf8_lossy(&piece[..bytes]));
    }
    heard
}
