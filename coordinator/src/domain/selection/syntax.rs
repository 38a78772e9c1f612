//! Kubernetes' syntax of label selectors: `pool in (gpu,cpu),!spot,zone notin (a),tier!=x,key=value,key`.
//!
//! As there, `,` means "and", a value may be empty (`key=`, `key in ()`), and words such as `in` are keys and values like any other.

use super::expression::{Expression, ExpressionRequest, MAX_VALUES, Operator};
use crate::domain::Invalid;
use std::iter::Peekable;

/// Longest text in bytes.
pub const MAX_TEXT: usize = 4096;

/// Reads a selector. Empty text has no conditions.
///
/// # Errors
/// Names `field`, with the rule and where the text breaks it.
pub fn parse(field: &str, text: &str) -> Result<Vec<Expression>, Invalid> {
    if text.len() > MAX_TEXT {
        let rule = format!("must be at most {MAX_TEXT} bytes, found {}", text.len());
        return Err(Invalid::new(field, rule));
    }
    if text.trim().is_empty() {
        return Ok(vec![]);
    }
    let tokens = tokens(text).map_err(|rule| Invalid::new(field, rule))?;
    let mut parser = Parser {
        tokens: tokens.into_iter().peekable(),
    };
    let mut expressions = Vec::new();
    loop {
        let request = parser.requirement().map_err(|rule| Invalid::new(field, rule))?;
        let checked = request.check("").map_err(|invalid| Invalid::new(field, invalid.rule))?;
        expressions.push(checked);
        match parser.tokens.next() {
            None => return Ok(expressions),
            Some(Token::Comma) => {}
            Some(other) => {
                return Err(Invalid::new(
                    field,
                    format!("{} stands where a ',' must", other.shown()),
                ));
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Comma,
    Open,
    Close,
    Not,
    Equals,
    NotEquals,
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Word(word) => format!("{word:?}"),
            Self::Comma => "','".into(),
            Self::Open => "'('".into(),
            Self::Close => "')'".into(),
            Self::Not => "'!'".into(),
            Self::Equals => "'='".into(),
            Self::NotEquals => "'!='".into(),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let token = match c {
            ' ' | '\t' | '\r' | '\n' => continue,
            ',' => Token::Comma,
            '(' => Token::Open,
            ')' => Token::Close,
            '!' if rest.next_if_eq(&'=').is_some() => Token::NotEquals,
            '!' => Token::Not,
            '=' => {
                // `==` means the same.
                let _second = rest.next_if_eq(&'=');
                Token::Equals
            }
            '<' | '>' => {
                return Err(format!(
                    "{c:?} is not supported; allowed are =, ==, !=, in, notin, key and !key"
                ));
            }
            first => {
                let mut word = String::from(first);
                while let Some(next) = rest.next_if(|c| !is_special(*c)) {
                    word.push(next);
                }
                Token::Word(word)
            }
        };
        tokens.push(token);
    }
    Ok(tokens)
}

fn is_special(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | ',' | '(' | ')' | '!' | '=' | '<' | '>')
}

struct Parser {
    tokens: Peekable<std::vec::IntoIter<Token>>,
}

impl Parser {
    fn requirement(&mut self) -> Result<ExpressionRequest, String> {
        let absent = self.tokens.next_if_eq(&Token::Not).is_some();
        let key = match self.tokens.next() {
            Some(Token::Word(key)) => key,
            Some(other) => return Err(format!("{} stands where a key must", other.shown())),
            None => return Err("ends where a key must stand".into()),
        };
        let (operator, values) = if absent {
            (Operator::DoesNotExist, vec![])
        } else {
            self.comparison()?
        };
        Ok(ExpressionRequest {
            key,
            operator: operator.as_str().into(),
            values,
        })
    }

    fn comparison(&mut self) -> Result<(Operator, Vec<String>), String> {
        let Some(token) = self.tokens.next_if(|token| *token != Token::Comma) else {
            return Ok((Operator::Exists, vec![]));
        };
        match token {
            Token::Equals => Ok((Operator::In, vec![self.value()])),
            Token::NotEquals => Ok((Operator::NotIn, vec![self.value()])),
            Token::Word(word) if word == "in" => Ok((Operator::In, self.values()?)),
            Token::Word(word) if word == "notin" => Ok((Operator::NotIn, self.values()?)),
            Token::Word(_) | Token::Comma | Token::Open | Token::Close | Token::Not => Err(format!(
                "{} stands where '=', '!=', 'in', 'notin' or ',' must",
                token.shown()
            )),
        }
    }

    fn value(&mut self) -> String {
        match self.tokens.next_if(|token| matches!(token, Token::Word(_))) {
            Some(Token::Word(value)) => value,
            Some(_) | None => String::new(),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        if self.tokens.next_if_eq(&Token::Open).is_none() {
            return Err("'in' and 'notin' need values in parentheses".into());
        }
        let mut values = Vec::new();
        loop {
            let value = self.value();
            if !values.contains(&value) {
                values.push(value);
            }
            if values.len() > MAX_VALUES {
                return Err(format!("at most {MAX_VALUES} values may stand in parentheses"));
            }
            match self.tokens.next() {
                Some(Token::Comma) => {}
                Some(Token::Close) => return Ok(values),
                Some(other) => return Err(format!("{} stands where ',' or ')' must", other.shown())),
                None => return Err("ends where ')' must stand".into()),
            }
        }
    }
}
