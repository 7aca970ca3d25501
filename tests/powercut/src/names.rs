//! Names made, moved and removed since their folder was last synced.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::node::Node;

/// One unsynced step on names. A rename is one step: a journal writes it whole.
#[derive(Debug)]
pub(crate) enum Step {
    Add { folder: u64, name: OsString, node: u64 },
    Remove { folder: u64, name: OsString },
    Move { from: (u64, OsString), to: (u64, OsString), node: u64 },
}

impl Step {
    /// Says whether syncing `folder` makes this step durable.
    pub(crate) fn touches(&self, folder: u64) -> bool {
        match self {
            Self::Add { folder: of, .. } | Self::Remove { folder: of, .. } => *of == folder,
            Self::Move { from, to, .. } => from.0 == folder || to.0 == folder,
        }
    }

    /// Writes the step into the durable names.
    pub(crate) fn settle(&self, nodes: &mut BTreeMap<u64, Node>) {
        match self {
            Self::Add { folder, name, node } => add(nodes, *folder, name, *node),
            Self::Remove { folder, name } => remove(nodes, *folder, name),
            Self::Move { from, to, node } => {
                remove(nodes, from.0, &from.1);
                add(nodes, to.0, &to.1, *node);
            }
        }
    }
}

fn add(nodes: &mut BTreeMap<u64, Node>, folder: u64, name: &OsString, node: u64) {
    if let Some(Node::Folder(folder)) = nodes.get_mut(&folder) {
        folder.durable.insert(name.clone(), node);
    }
}

fn remove(nodes: &mut BTreeMap<u64, Node>, folder: u64, name: &OsString) {
    if let Some(Node::Folder(folder)) = nodes.get_mut(&folder) {
        folder.durable.remove(name);
    }
}
