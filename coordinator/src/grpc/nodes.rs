//! `NodeService`: converts and calls the engine.

use super::{convert, request, status};
use crate::{
    domain::{ids::NodeName, selection::SelectionRequest},
    engine::Engine,
};
use ips_proto::v1::{self, node_service_server};
use tonic::{Request, Response, Status};

/// The public service of nodes.
#[derive(Debug, Clone)]
pub struct NodeService {
    engine: Engine,
}

impl NodeService {
    /// Serves what the engine knows.
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }
}

#[tonic::async_trait]
impl node_service_server::NodeService for NodeService {
    async fn list_nodes(
        &self,
        request: Request<v1::ListNodesRequest>,
    ) -> Result<Response<v1::ListNodesResponse>, Status> {
        let request = request.into_inner();
        let selection = SelectionRequest {
            node_selector: request.node_selector.into_iter().collect(),
            ..SelectionRequest::default()
        };
        let selection = selection.check().map_err(|invalid| status::of_invalid(&invalid))?;
        let page = request::page(request.limit, request.offset, 100, 1000);
        let found = self.engine.nodes(&selection, page).await;
        Ok(Response::new(v1::ListNodesResponse {
            nodes: found.items.iter().map(convert::node).collect(),
            total: found.total,
        }))
    }

    async fn get_node(&self, request: Request<v1::GetNodeRequest>) -> Result<Response<v1::GetNodeResponse>, Status> {
        let name = request.into_inner().name;
        let name = NodeName::parse(&name).map_err(|invalid| status::of_invalid(&invalid))?;
        let found = self.engine.node(&name).await.map_err(status::of)?;
        let images = found.images.as_deref().unwrap_or_default();
        Ok(Response::new(v1::GetNodeResponse {
            node: Some(convert::node(&found.view)),
            images: images.iter().map(convert::inventory_image).collect(),
            inventory_known: found.images.is_some(),
        }))
    }
}
