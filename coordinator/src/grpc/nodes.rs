//! `NodeService`: converts and calls the engine.

use super::{convert, identity, request, status};
use crate::{
    domain::{
        Invalid,
        ids::NodeName,
        node_groups::{GroupBy, Grouping},
        node_list::{NodeOrder, NodeState},
        selection::{Selection, SelectionRequest},
        task_list::search_text,
    },
    engine::{Engine, door::Door, views::NodeFilter},
};
use ips_proto::v1::{self, node_service_server};
use std::collections::HashMap;
use tonic::{Request, Response, Status};

/// The public service of nodes.
#[derive(Debug, Clone)]
pub struct NodeService {
    engine: Door,
}

impl NodeService {
    /// Serves what the engine knows.
    pub fn new(engine: Engine) -> Self {
        Self { engine: engine.into() }
    }
}

#[tonic::async_trait]
impl node_service_server::NodeService for NodeService {
    async fn list_nodes(
        &self,
        request: Request<v1::ListNodesRequest>,
    ) -> Result<Response<v1::ListNodesResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let (labels, text) = (request.node_selector, request.selector);
        let selection = selection(labels, &text).map_err(|invalid| status::of_invalid(&invalid))?;
        let page = request::page(request.limit, request.offset, 100, 1000);
        let filter = filter(selection, &request.states, &request.search, &request.sort);
        let filter = filter.map_err(|invalid| status::of_invalid(&invalid))?;
        let found = engine.nodes(&filter, page).await;
        Ok(Response::new(v1::ListNodesResponse {
            nodes: found.items.iter().map(convert::node).collect(),
            total: found.total,
        }))
    }

    async fn group_nodes(
        &self,
        request: Request<v1::GroupNodesRequest>,
    ) -> Result<Response<v1::GroupNodesResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let refused = |invalid: Invalid| status::of_invalid(&invalid);
        let asked = Grouping {
            by: GroupBy::parse(&request.by).map_err(refused)?,
            limit: request::page(request.limit, 0, 100, 1000).limit,
            with_names: request.with_names,
        };
        let selection = Selection::parse_labels("selector", &request.selector).map_err(refused)?;
        let filter = filter(selection, &request.states, &request.search, "").map_err(refused)?;
        let found = engine.node_groups(&filter, &asked).await;
        Ok(Response::new(v1::GroupNodesResponse {
            groups: found.groups.into_iter().map(convert::node_group).collect(),
            group_count: found.group_count,
            total: found.total,
        }))
    }

    async fn list_node_pulls(
        &self,
        request: Request<v1::ListNodePullsRequest>,
    ) -> Result<Response<v1::ListNodePullsResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let request = request.into_inner();
        let refused = |invalid: Invalid| status::of_invalid(&invalid);
        let name = NodeName::parse(&request.name).map_err(refused)?;
        let filter = request::pull_filter(String::new(), request.image, &request.states).map_err(refused)?;
        let page = request::page(request.limit, request.offset, 100, 1000);
        let found = engine.node_pulls(&name, &filter, page).await.map_err(status::of)?;
        Ok(Response::new(v1::ListNodePullsResponse {
            pulls: found.items.iter().map(convert::pull).collect(),
            total: found.total,
        }))
    }

    async fn get_stats(&self, request: Request<v1::GetStatsRequest>) -> Result<Response<v1::Stats>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let stats = engine.stats().await.map_err(status::of)?;
        Ok(Response::new(convert::stats(&stats)))
    }

    async fn purge_images(
        &self,
        request: Request<v1::PurgeImagesRequest>,
    ) -> Result<Response<v1::PurgeImagesResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let asked = request::purge(request.into_inner()).check();
        let asked = asked.map_err(|invalid| status::of_invalid(&invalid))?;
        let outcome = engine.purge(asked).await.map_err(status::of)?;
        Ok(Response::new(convert::purge(&outcome)))
    }

    async fn get_node(&self, request: Request<v1::GetNodeRequest>) -> Result<Response<v1::GetNodeResponse>, Status> {
        let engine = identity::engine_of(&self.engine, &request)?;
        let name = request.into_inner().name;
        let name = NodeName::parse(&name).map_err(|invalid| status::of_invalid(&invalid))?;
        let found = engine.node(&name).await.map_err(status::of)?;
        let images = found.images.as_deref().unwrap_or_default();
        let kubelet = &found.view.condition.kubelet;
        Ok(Response::new(v1::GetNodeResponse {
            node: Some(convert::node(&found.view)),
            images: images
                .iter()
                .map(|image| convert::inventory_image(image, kubelet))
                .collect(),
            inventory_known: found.images.is_some(),
        }))
    }
}

/// Which nodes, and in which order.
fn filter(selection: Selection, states: &[String], search: &str, sort: &str) -> Result<NodeFilter, Invalid> {
    let filter = NodeFilter {
        states: NodeState::parse_all(states.iter().map(String::as_str))?,
        order: NodeOrder::parse(sort)?,
        ..NodeFilter::labelled(selection)
    };
    Ok(filter.with_text(&search_text(search)?))
}

/// Both forms of conditions on labels at once.
fn selection(node_selector: HashMap<String, String>, text: &str) -> Result<Selection, Invalid> {
    let labels = SelectionRequest {
        node_selector: node_selector.into_iter().collect(),
        ..SelectionRequest::default()
    };
    Ok(Selection {
        node_selector: labels.check()?.node_selector,
        ..Selection::parse_labels("selector", text)?
    })
}
