//! Another plan out of one.

/// `plan` with `new` in place of `old`, which stands in it once.
pub(crate) fn edited(plan: &str, old: &str, new: &str) -> String {
    assert_eq!(plan.matches(old).count(), 1, "{old}");
    plan.replacen(old, new, 1)
}
