//! One condition on one label, with the meaning that Kubernetes gives it.

use crate::domain::{
    Invalid,
    node::Labels,
    selector::{check_key, check_value},
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Most values of one expression.
pub const MAX_VALUES: usize = 100;

/// How a label is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operator {
    /// The label is there and has one of the values.
    In,
    /// The label is not there or has none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is not there.
    DoesNotExist,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Self; 4] = [Self::In, Self::NotIn, Self::Exists, Self::DoesNotExist];

    /// Word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "In",
            Self::NotIn => "NotIn",
            Self::Exists => "Exists",
            Self::DoesNotExist => "DoesNotExist",
        }
    }
}

/// What a client asks for, not checked yet.
#[derive(Debug, Clone, Default)]
pub struct ExpressionRequest {
    /// Label.
    pub key: String,
    /// Word of an [`Operator`].
    pub operator: String,
    /// Values; for `In` and `NotIn` only.
    pub values: Vec<String>,
}

/// A condition, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expression {
    /// Label.
    pub key: String,
    /// How it is compared.
    pub operator: Operator,
    /// With what; empty for `Exists` and `DoesNotExist`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

impl ExpressionRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// Names the field below `field`, such as `nodeExpressions[0].operator`.
    pub fn check(self, field: &str) -> Result<Expression, Invalid> {
        let word = &self.operator;
        let operator = Operator::ALL.into_iter().find(|known| known.as_str() == word);
        let operator = operator.ok_or_else(|| {
            let rule = format!("{word:?} is unknown, known are In, NotIn, Exists, DoesNotExist");
            Invalid::new(format!("{field}.operator"), rule)
        })?;
        check_key(&self.key).map_err(|rule| Invalid::new(format!("{field}.key"), rule))?;
        check_values(operator, &self.values).map_err(|rule| Invalid::new(format!("{field}.values"), rule))?;
        for (index, value) in self.values.iter().enumerate() {
            let at = || format!("{field}.values[{index}]");
            check_value(&self.key, value).map_err(|rule| Invalid::new(at(), rule))?;
        }
        Ok(Expression {
            key: self.key,
            operator,
            values: self.values,
        })
    }
}

fn check_values(operator: Operator, values: &[String]) -> Result<(), String> {
    let word = operator.as_str();
    match operator {
        Operator::In | Operator::NotIn if values.is_empty() => Err(format!("{word} needs at least one")),
        Operator::Exists | Operator::DoesNotExist if !values.is_empty() => Err(format!("{word} takes none")),
        Operator::In | Operator::NotIn | Operator::Exists | Operator::DoesNotExist => {
            if values.len() > MAX_VALUES {
                return Err(format!("must be at most {MAX_VALUES}, found {}", values.len()));
            }
            Ok(())
        }
    }
}

impl From<&Expression> for ExpressionRequest {
    fn from(expression: &Expression) -> Self {
        Self {
            key: expression.key.clone(),
            operator: expression.operator.as_str().into(),
            values: expression.values.clone(),
        }
    }
}

impl Expression {
    /// Whether a node with these labels meets the condition.
    pub fn matches(&self, labels: &Labels) -> bool {
        let found = labels.get(self.key.as_str());
        let among = |value: &str| self.values.iter().any(|wanted| **wanted == *value);
        match self.operator {
            Operator::In => found.is_some_and(among),
            Operator::NotIn => !found.is_some_and(among),
            Operator::Exists => found.is_some(),
            Operator::DoesNotExist => found.is_none(),
        }
    }
}

impl fmt::Display for Expression {
    /// Kubernetes' syntax.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, operator, values } = self;
        match (operator, values.as_slice()) {
            (Operator::Exists, _) => write!(f, "{key}"),
            (Operator::DoesNotExist, _) => write!(f, "!{key}"),
            (Operator::In, [value]) => write!(f, "{key}={value}"),
            (Operator::NotIn, [value]) => write!(f, "{key}!={value}"),
            (Operator::In, _) => write!(f, "{key} in ({})", values.join(",")),
            (Operator::NotIn, _) => write!(f, "{key} notin ({})", values.join(",")),
        }
    }
}
