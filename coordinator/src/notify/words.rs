//! The words of messages, in English and Chinese.

use crate::domain::channel::Language;

/// Words of one language. Braces are filled in by whoever uses them.
pub(super) struct Words {
    pub(super) task_completed: &'static str,
    pub(super) task_completed_with_failures: &'static str,
    pub(super) task_failed: &'static str,
    pub(super) task_cancelled: &'static str,
    pub(super) task_aborted: &'static str,
    pub(super) schedule_skipped: &'static str,
    pub(super) schedule_failed: &'static str,
    pub(super) node_lost: &'static str,
    pub(super) policy_tag_moved: &'static str,
    pub(super) policy_image_paused: &'static str,
    pub(super) test: &'static str,
    pub(super) images: &'static str,
    pub(super) nodes: &'static str,
    pub(super) pulls: &'static str,
    pub(super) bytes: &'static str,
    pub(super) duration: &'static str,
    pub(super) reason: &'static str,
    pub(super) failures: &'static str,
    pub(super) schedule: &'static str,
    pub(super) policy: &'static str,
    pub(super) time: &'static str,
    pub(super) last_seen: &'static str,
    pub(super) and_more: &'static str,
    pub(super) of: &'static str,
    pub(super) succeeded: &'static str,
    pub(super) failed: &'static str,
    pub(super) skipped: &'static str,
    pub(super) cancelled: &'static str,
    pub(super) moved: &'static str,
    pub(super) saved: &'static str,
    pub(super) test_text: &'static str,
}

const ENGLISH: Words = Words {
    task_completed: "Task {} completed",
    task_completed_with_failures: "Task {} completed with failures",
    task_failed: "Task {} failed",
    task_cancelled: "Task {} was cancelled",
    task_aborted: "Task {} was stopped by its abort rule",
    schedule_skipped: "A run of schedule {} was left out",
    schedule_failed: "A run of schedule {} failed",
    node_lost: "Node {} is lost",
    policy_tag_moved: "A tag of policy {} moved",
    policy_image_paused: "An image of policy {} was removed twice",
    test: "Test of channel {}",
    images: "Images",
    nodes: "Nodes",
    pulls: "Pulls",
    bytes: "Bytes",
    duration: "Duration",
    reason: "Reason",
    failures: "Failures",
    schedule: "Schedule",
    policy: "Policy",
    time: "Time",
    last_seen: "Last seen",
    and_more: "and {} more",
    of: "{} of {}",
    succeeded: "{} succeeded",
    failed: "{} failed",
    skipped: "{} skipped",
    cancelled: "{} cancelled",
    moved: "{} moved",
    saved: "{} already there",
    test_text: "Notifications of IPS arrive here.",
};

const CHINESE: Words = Words {
    task_completed: "任务 {} 已完成",
    task_completed_with_failures: "任务 {} 已完成，但有失败",
    task_failed: "任务 {} 失败",
    task_cancelled: "任务 {} 已取消",
    task_aborted: "任务 {} 被中止规则停止",
    schedule_skipped: "定时任务 {} 的一次执行被跳过",
    schedule_failed: "定时任务 {} 的一次执行失败",
    node_lost: "节点 {} 已失联",
    policy_tag_moved: "策略 {} 的一个标签已变更",
    policy_image_paused: "策略 {} 的一个镜像两次被清除",
    test: "通知渠道 {} 测试",
    images: "镜像",
    nodes: "节点",
    pulls: "拉取",
    bytes: "数据量",
    duration: "耗时",
    reason: "原因",
    failures: "失败情况",
    schedule: "定时任务",
    policy: "策略",
    time: "时间",
    last_seen: "最后在线",
    and_more: "等另外 {} 个",
    of: "{} / {}",
    succeeded: "成功 {}",
    failed: "失败 {}",
    skipped: "跳过 {}",
    cancelled: "取消 {}",
    moved: "传输 {}",
    saved: "已存在 {}",
    test_text: "IPS 的通知会发送到这里。",
};

/// The words of a language.
pub(super) fn of(language: Language) -> &'static Words {
    match language {
        Language::English => &ENGLISH,
        Language::Chinese => &CHINESE,
    }
}

/// Puts values in place of the braces.
pub(super) fn fill(template: &str, values: &[&str]) -> String {
    let mut parts = template.split("{}");
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut values = values.iter();
    for part in parts {
        text.push_str(values.next().copied().unwrap_or_default());
        text.push_str(part);
    }
    text
}
