// Generated from docs/openapi.json by `npm run api`. Do not edit.
export interface paths {
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists what was done, newest first. */
        get: operations["list_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything that matches, oldest first, as a stream of lines. */
        get: operations["export_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/methods": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** By what one can log in; a log-in page asks before it shows itself. */
        get: operations["login_methods"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/oidc/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Changes the code of a log-in at the provider for tokens, once. The console has it in a cookie and sends `{}`; a program sends it with what it
         *     hashed into its request.
         */
        post: operations["oidc_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists channels, newest first. */
        get: operations["list_channels"];
        put?: never;
        /** Saves a channel. */
        post: operations["create_channel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/channels/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One channel. */
        get: operations["get_channel"];
        /** Changes what the body names; the rest stays, secrets included. */
        put: operations["update_channel"];
        post?: never;
        /** Removes a channel. One that is not there is removed already; what waits for it is given up. */
        delete: operations["delete_channel"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/channels/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists deliveries to one channel, newest first. */
        get: operations["list_channel_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/channels/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends a test message now, once, and says what came of it. */
        post: operations["test_channel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists deliveries of all channels and addresses of tasks, newest first. */
        get: operations["list_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Has a delivery that ended tried again, under its old id and for another day. */
        post: operations["replay_delivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Streams what changes: an event `snapshot`, then `delta`s; `resync` is a new snapshot for a client that missed something. It ends
         *     when its caller's token does: open it again with a new one.
         */
        get: operations["events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/library": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the library, newest first. */
        get: operations["list_library"];
        put?: never;
        /** Adds an image. */
        post: operations["add_to_library"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/library/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Replaces an image's name, reference and tags. */
        put: operations["update_library"];
        post?: never;
        /** Removes an image. One that is not there is removed already. */
        delete: operations["delete_library"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/library/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Adds many images; each has a result of its own. */
        post: operations["import_library"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The limits in force, and how the registries bear what is asked of them. */
        get: operations["get_limits"];
        /** Sets all limits. They are durable and in force when this answers; pulls that run go on. */
        put: operations["set_limits"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes some limits; the others stay. `null` takes a limit away. */
        patch: operations["update_limits"];
        trace?: never;
    };
    "/api/v1/log-level": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Sets what is logged from now on, until the coordinator ends; then its settings hold again. */
        put: operations["set_log_level"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Logs in with name and password. */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends the caller's log-in with all its tokens. */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The user that the caller is or acts for. */
        get: operations["who_am_i"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/node-groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Counts nodes by what they have in common. */
        get: operations["group_nodes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists nodes. */
        get: operations["list_nodes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One node with its images. */
        get: operations["get_node"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes/{name}/pulls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the pulls of a node in the newest 1000 tasks, the newest task first. */
        get: operations["list_node_pulls"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists policies, newest first. */
        get: operations["list_policies"];
        put?: never;
        /** Makes a policy, which is kept from then on. When this answers, the policy is durable. */
        post: operations["create_policy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policies/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One policy. */
        get: operations["get_policy"];
        /** Changes what the body names and leaves the rest. Nodes that no longer match are left as they are. */
        put: operations["update_policy"];
        post?: never;
        /** Removes a policy and cancels what it has ordered; images stay where they are. */
        delete: operations["delete_policy"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policies/{id}/coverage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far a policy is true: each image over all nodes, and the images of each node with why they are not warm. */
        get: operations["get_policy_coverage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policies/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Orders nothing from now on; what is on its way goes on. */
        post: operations["pause_policy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/policies/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Goes on with a clean slate: failures and removals are forgotten, and what tags moved to is accepted. */
        post: operations["resume_policy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/purges": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Removes images from nodes where nobody needs them: no container was made of them, they are not pinned, and no pod sandbox is made of
         *     them. A call waits for at most 20 s; nodes that have not answered by then say so.
         */
        post: operations["purge_images"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Spends a refresh token for new tokens. A token that is used twice ends its log-in. */
        post: operations["refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/scheduled-tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists schedules. */
        get: operations["list_schedules"];
        put?: never;
        /** Makes a schedule. When this answers, the schedule is durable. */
        post: operations["create_schedule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/scheduled-tasks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One schedule. */
        get: operations["get_schedule"];
        /** Changes what the body names and leaves the rest. */
        put: operations["update_schedule"];
        post?: never;
        /** Removes a schedule with its history; tasks that it started go on. An unknown id is no error. */
        delete: operations["delete_schedule"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/scheduled-tasks/{id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Switches a schedule off; a run that waits is left out, one that runs goes on. */
        put: operations["disable_schedule"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/scheduled-tasks/{id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Switches a schedule on; what was due while it was off is not made up for. */
        put: operations["enable_schedule"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/scheduled-tasks/{id}/executions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the executions of a schedule, newest start first; none for an unknown one. */
        get: operations["list_executions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/scheduled-tasks/{id}/executions/{executionId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One execution of a schedule. */
        get: operations["get_execution"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/scheduled-tasks/{id}/trigger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Starts a run now, by the schedule's overlap policy; `taskId` is the task that was started. */
        post: operations["trigger_schedule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/secrets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists credentials, newest first. */
        get: operations["list_secrets"];
        put?: never;
        /** Saves a credential. */
        post: operations["create_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/secrets/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One credential. */
        get: operations["get_secret"];
        /** Changes a credential; without a password the old one is kept, unless the registry's host changes. */
        put: operations["update_secret"];
        post?: never;
        /** Removes a credential. One that is not there is removed already. */
        delete: operations["delete_secret"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/secrets/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Logs in at the credential's registry and says what happened. */
        post: operations["test_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Nodes, tasks by state, what the last day did, and what moves now; for a tenant, of what is its own. */
        get: operations["get_stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Version, clock and state of each part. */
        get: operations["get_system"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists tasks, newest first unless `sort` says otherwise. */
        get: operations["list_tasks"];
        put?: never;
        /** Creates a task. When this answers, the task is durable. */
        post: operations["create_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One task with its failed pulls and the statuses of its nodes. */
        get: operations["get_task"];
        put?: never;
        post?: never;
        /** Cancels a task that has not ended, removes the record of one that has. */
        delete: operations["delete_task"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancels a task that has not ended. */
        post: operations["cancel_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/clone": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Creates a task with the spec of another one. What the body says stands instead; what it leaves out or empty stays, and what is `null`
         *     has its default again. `batchSize` takes the place of `parallelism` and the other way round; `labelSelector` and `nodeExpressions` together replace the conditions on labels.
         */
        post: operations["clone_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Holds the pulls of a task back; what runs goes on. */
        post: operations["pause_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/pulls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the pulls of a task by node, then image. */
        get: operations["list_pulls"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets a paused task go on. */
        post: operations["resume_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tries the failed pulls of a task again, with all retries unspent. A task that has ended is open again. */
        post: operations["retry_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Does one thing to many tasks, named by id or found by status. What goes wrong with one of them is in its result. A call works for at
         *     most 20 s; what is not done by then says so.
         */
        post: operations["bulk_tasks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says what a task would do and does nothing of it. Registries are asked for at most 20 s; what they do not say by then is unknown. */
        post: operations["preview_task"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tenant": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tenant of the caller, with its rules, quotas and what it uses. */
        get: operations["get_own_tenant"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists all tenants by id. */
        get: operations["list_tenants"];
        put?: never;
        /** Makes a tenant. */
        post: operations["create_tenant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tenants/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One tenant, with its rules, quotas and what it uses. */
        get: operations["get_tenant"];
        /** Changes what the body names. What was accepted before goes on; what starts, and what is accepted, follows the new rules. */
        put: operations["update_tenant"];
        post?: never;
        /** Removes a tenant that owns nothing any more. Its id is never given again. */
        delete: operations["delete_tenant"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the tenant's tokens, newest first, revoked and ended ones too. */
        get: operations["list_tokens"];
        put?: never;
        /** Makes a token that acts for the caller. Its secret is in this answer and nowhere else. */
        post: operations["create_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revokes a token; it stays in the list. */
        delete: operations["revoke_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists users by number: those of the tenant, for a system admin all. */
        get: operations["list_users"];
        put?: never;
        /** Makes a user, who must choose another password at the first log-in. */
        post: operations["create_user"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One user. */
        get: operations["get_user"];
        /** Changes one's own password, or with `users:write` another user's password, role or state. */
        put: operations["update_user"];
        post?: never;
        /** Removes a user with all log-ins and tokens. One that is not there is removed already. */
        delete: operations["delete_user"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/oidc/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Takes in a browser that the provider sends back, and sends it on: to the console's log-in page with a cookie, or to the program on its own
         *     machine with a code. Neither address has a token in it.
         */
        get: operations["oidc_callback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/oidc/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sends a browser to the log-in provider. */
        get: operations["oidc_login"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process answers. */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same as `/health`. */
        get: operations["healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Figures in Prometheus' text format. */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the coordinator can serve, and, with a log-in, why not. */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A token without its secret. */
        ApiToken: {
            /** Format: date-time */
            createdAt: string;
            /**
             * Format: date-time
             * @description Absent where it never ends by itself.
             */
            expiresAt?: string;
            /** Format: int64 */
            id: number;
            /**
             * Format: date-time
             * @description Absent while it never was.
             */
            lastUsedAt?: string;
            name: string;
            /** @description The user that it acts for. */
            owner: string;
            revoked: boolean;
            role: string;
            /** @description Absent where it may do all that its role may. */
            scopes?: string[];
            /** @description Its beginning, by which people know it again. */
            shown: string;
            /** @description Whose it is; absent for the default tenant. */
            tenant?: string;
        };
        /** @description A part of the list. */
        AuditPage: {
            /**
             * Format: int32
             * @description The limit that held.
             */
            limit: number;
            /** Format: int32 */
            offset: number;
            records: components["schemas"]["AuditRecord"][];
            /** Format: int32 */
            total: number;
        };
        /** @description Who did what, when, from where, with what result. */
        AuditRecord: {
            door: components["schemas"]["Door"];
            /** @description Sorts by time. */
            id: string;
            /**
             * @description The operation's id, the same at both doors.
             * @example create_task
             */
            operation: string;
            requestId: string;
            /**
             * @description The path below the API.
             * @example tasks/nightly
             */
            resource: string;
            result: components["schemas"]["AuditResult"];
            /** @description Address that it came from. */
            source?: string;
            /**
             * Format: int32
             * @description HTTP status, or number of the gRPC status.
             */
            status: number;
            /** @description The name of a person, `person/token` of a program, `anonymous`, or `unknown` for who did not say. */
            subject: string;
            tenant: string;
            /** Format: date-time */
            time: string;
            /** @description What the client calls itself. */
            userAgent?: string;
        };
        /**
         * @description What came of it.
         * @enum {string}
         */
        AuditResult: "ok" | "denied" | "refused" | "failed";
        /**
         * @description How batches follow each other.
         * @enum {string}
         */
        BatchMode: "rolling" | "strict";
        /**
         * @description What is done to each task. `retry` tries its failed pulls again.
         * @enum {string}
         */
        BulkAction: "cancel" | "retry" | "delete" | "pause" | "resume";
        /** @description Which tasks, where they are not named. */
        BulkFilter: {
            /** @description In one of these; none means those that the action is meant for. */
            status?: components["schemas"]["TaskState"][];
        };
        /** @description What became of each task. */
        BulkOutcome: {
            failed: number;
            /**
             * Format: int32
             * @description Tasks that the filter found and that were left for the next call.
             */
            remaining: number;
            /** @description In the order of `ids`, or newest first. */
            results: components["schemas"]["BulkResult"][];
            succeeded: number;
        };
        /** @description What became of one task. */
        BulkResult: {
            /** @description Class of the error, as in other answers. */
            code?: string;
            /** @description Why not, for people. */
            error?: string;
            ok: boolean;
            taskId: string;
        };
        /** @description What to do to which tasks: either `ids` or `filter`. */
        BulkTasks: {
            action: components["schemas"]["BulkAction"];
            filter?: components["schemas"]["BulkFilter"] | null;
            /** @description To these, no duplicates. */
            ids?: string[];
        };
        /** @description Bytes of an image, a layer or a sum of images; compressed sizes. */
        ByteCounts: {
            /**
             * Format: int64
             * @description In the node's content store before the attempt.
             */
            alreadyThere: number;
            /**
             * Format: int64
             * @description Moved over the network by this attempt.
             */
            fetched: number;
            /**
             * Format: int64
             * @description Not moved because the unpacked layer existed.
             */
            notNeeded: number;
            /**
             * Format: int64
             * @description Size; 0 while unknown.
             */
            total: number;
            /**
             * Format: int64
             * @description Size of the layers that are unpacked.
             */
            unpacked: number;
        };
        /** @description Topic `changes`: nothing at first; deltas say of which things some changed. */
        ChangesTopic: Record<string, never>;
        /** @description A channel without its secrets. */
        Channel: {
            /** Format: date-time */
            createdAt: string;
            /** @description For mail. */
            email?: components["schemas"]["EmailSettings"];
            /** @description Whether it is told anything. */
            enabled: boolean;
            /** @description Events that it is told of without being named. */
            events: string[];
            /** @description Its messages are signed. */
            hasSecret: boolean;
            /** @description Scheme, host and port of its address; the rest of the address is secret. */
            host?: string;
            /** Format: int64 */
            id: number;
            kind: components["schemas"]["ChannelKind"];
            language: components["schemas"]["Language"];
            name: string;
            /** @description False when the key that encrypted its secrets is gone, or its record was changed by somebody else. */
            readable: boolean;
            /** @description Whose it is; absent for the default tenant. */
            tenant?: string;
            /** @description Why it cannot be read. */
            unreadableReason?: string;
            /** Format: date-time */
            updatedAt: string;
        };
        /**
         * @description Whose format is spoken.
         * @enum {string}
         */
        ChannelKind: "webhook" | "slack" | "dingtalk" | "feishu" | "wecom" | "teams" | "email";
        /** @description A part of the list. */
        ChannelPage: {
            channels: components["schemas"]["Channel"][];
            /**
             * Format: int32
             * @description The limit that held.
             */
            limit: number;
            /** Format: int32 */
            offset: number;
            /** Format: int32 */
            total: number;
        };
        /** @description One image on one node. */
        CoverageCell: {
            /**
             * Format: date-time
             * @description When it is ordered again at the earliest.
             */
            againAt?: string;
            /** @description Digest of what the node has under the reference. */
            digest?: string;
            image: string;
            /** @description The same in a sentence. */
            message?: string;
            node: string;
            /**
             * @description Why it is not warm, in a word: `agent_missing`, `not_ready`, `no_space`, `evicted_twice`, `pull_failed`, `pulling`, `waiting`,
             *     `other_digest`, `flapping`, `policy_paused`, `not_shown`, `due` or `inventory_unknown`.
             */
            reason?: string;
            /** @description `warm`, `cold`, `paused` or `unknown`. */
            state: string;
            /** @description The open task that brings it. */
            taskId?: string;
        };
        /** @description Images on nodes by state. */
        CoverageCounts: {
            /** Format: int32 */
            cold: number;
            /** Format: int32 */
            paused: number;
            /**
             * Format: double
             * @description The share that is warm, 0 to 1; 1 where there is nothing to keep.
             */
            ratio: number;
            /** Format: int32 */
            total: number;
            /** Format: int32 */
            unknown: number;
            /** Format: int32 */
            warm: number;
        };
        /** @description A channel to make. */
        CreateChannel: {
            email?: components["schemas"]["EmailSettingsRequest"] | null;
            /** @description Whether it is told anything. Default: true. */
            enabled?: boolean | null;
            /**
             * @description Events that it is told of without being named: task.completed, task.failed (task.aborted included), task.cancelled,
             *     task.aborted, schedule.skipped, schedule.failed, node.lost, policy.tag_moved, policy.image_paused. Default: none.
             */
            events?: string[] | null;
            /** @description Whose format is spoken. */
            kind: components["schemas"]["ChannelKind"];
            language?: components["schemas"]["Language"] | null;
            /** @description Unique, 1 to 128 characters; tasks name it by this. */
            name: string;
            /**
             * Format: password
             * @description Key of signatures, for webhook, dingtalk and feishu.
             */
            secret?: string | null;
            /**
             * Format: password
             * @description Address, for all kinds but email. It is kept encrypted and never shown, because it lets anybody write to the channel.
             */
            url?: string | null;
        };
        /** @description A policy to make. */
        CreatePolicy: {
            /** @description Words for people. */
            description?: string;
            /** @description Whether only to say what it would find: registries are asked, and nothing is saved or ordered. Default: false. */
            dryRun?: boolean;
            /** @description Tag of the library: its images are wanted beside those of the task, as they come and go. */
            libraryTag?: string;
            /** @description Unique in the tenant. */
            name: string;
            /** @description Whether it orders nothing yet. Default: false. */
            paused?: boolean;
            /** @description What happens when a tag points at something else. Default: never. */
            tagFollowing?: components["schemas"]["TagFollowingRequest"];
            /**
             * @description What every task of the policy is made of: images (none only with libraryTag or workloads), nodes, limits, credentials and channels. What
             *     `POST /tasks` takes, without `id`, `maxNodes` and a login of its own.
             */
            taskConfig: components["schemas"]["CreateTask"];
            /** @description Workloads of the cluster: the images that they run are wanted on the nodes where their pods may be, as they come and go. */
            workloads?: components["schemas"]["WorkloadsRequest"];
        };
        /** @description A schedule to make. As for clients of the original IPS, empty text for overlapPolicy means the default. */
        CreateScheduledTask: {
            /**
             * @description Five fields (minute, hour, day of month, month, day of week) or `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`,
             *     `@midnight`, `@hourly`, `@every 1h30m`. `CRON_TZ=zone` before it names the zone.
             * @example 0 2 * * mon-fri
             */
            cronExpr: string | null;
            /** @description Words for people. */
            description?: string | null;
            /** @description Whether runs are started. Default: true. */
            enabled?: boolean | null;
            missedRuns?: components["schemas"]["MissedRuns"] | null;
            /** @description Name for people. */
            name: string | null;
            overlapPolicy?: components["schemas"]["OverlapPolicy"] | null;
            taskConfig: components["schemas"]["CreateTask"] | null;
            /**
             * Format: int64
             * @description Longest run in seconds; then its task is cancelled. Default: 0, none.
             */
            timeoutSeconds?: number | null;
            /**
             * @description IANA name of the zone. Default: UTC.
             * @example Europe/Berlin
             */
            timeZone?: string | null;
        };
        /**
         * @description What to pull where. As for clients of the original IPS, 0 for priority and retryDelay and empty text for retryStrategy and id
         *     mean the default.
         */
        CreateTask: {
            /**
             * Format: int64
             * @description The task stops when more than so many percent of its ended pulls failed; counts from 10 ended pulls on. Default: never.
             */
            abortFailurePercent?: number | null;
            batchMode?: components["schemas"]["BatchMode"] | null;
            /**
             * Format: int64
             * @description So many nodes may have an open pull of this task at a time. Default: no limit of its own.
             */
            batchSize?: number | null;
            canary?: components["schemas"]["Share"] | null;
            /** @description Names of channels that are told of its end, at most 10. */
            channels?: string[] | null;
            /**
             * Format: int64
             * @description The task stops so many seconds after it was accepted. Default: never.
             */
            deadlineSeconds?: number | null;
            /** @description Say what the task would do, and save nothing. */
            dryRun?: boolean | null;
            /** @description Not these nodes; a name that no node has excludes nothing. */
            excludeNodes?: string[] | null;
            /** @description The task's id, if the client chooses it. Default: generated. */
            id?: string | null;
            /**
             * @description References of images as pods write them, 1 to 50, no duplicates.
             * @example [
             *       "docker.io/library/nginx:1.27"
             *     ]
             */
            images: string[];
            /**
             * @description Conditions on labels in Kubernetes' syntax.
             * @example pool in (gpu,cpu),!spot
             */
            labelSelector?: string | null;
            maxNodes?: components["schemas"]["Share"] | null;
            /**
             * Format: int64
             * @description Further attempts of each pull. Default: 0.
             */
            maxRetries?: number | null;
            /** @description Conditions on labels one by one; at most 50 together with those of `labelSelector`. */
            nodeExpressions?: components["schemas"]["NodeExpression"][] | null;
            /** @description Only these nodes; each must be known. */
            nodeNames?: string[] | null;
            /** @description Labels that a node must have, all of them. Default: every known node. All conditions on nodes hold at once. */
            nodeSelector?: {
                [key: string]: string;
            } | null;
            /**
             * Format: int64
             * @description Longest standstill of an attempt, in seconds. Default: 300.
             */
            noProgressTimeoutSeconds?: number | null;
            parallelism?: components["schemas"]["Share"] | null;
            /**
             * Format: password
             * @description See `registry`.
             */
            password?: string | null;
            /** @description Its images are pinned against the kubelet's garbage collection, until the task is cancelled or removed. Default: false. */
            pin?: boolean | null;
            /**
             * @description Only nodes of this platform. Default: all.
             * @example linux/amd64
             */
            platform?: string | null;
            /**
             * Format: int64
             * @description 10 goes first. Default: 5.
             */
            priority?: number | null;
            pullPolicy?: components["schemas"]["PullPolicy"] | null;
            /**
             * Format: int64
             * @description Longest attempt, in seconds. Default: 3600.
             */
            pullTimeoutSeconds?: number | null;
            /** @description With `username` and `password`: a login for this task alone, kept encrypted and removed with it. */
            registry?: string | null;
            /**
             * Format: int64
             * @description First wait between attempts, in seconds. Default: 30.
             */
            retryDelay?: number | null;
            retryStrategy?: components["schemas"]["RetryStrategy"] | null;
            /**
             * Format: int64
             * @description A stored credential; it is used for images of its registry.
             */
            secretId?: number | null;
            /** @description Several of them, at most 20 and no two for the same; the longest prefix wins. */
            secretIds?: number[] | null;
            /**
             * Format: int64
             * @description So many percent of the due pulls must succeed. Default: 100.
             */
            successThreshold?: number | null;
            /** @description See `registry`. */
            username?: string | null;
            /**
             * @description An address that is told of its end, for this task alone; nothing is signed there. `http` or `https`, and not of this machine, a
             *     private network or the cluster unless the settings allow it.
             */
            webhookUrl?: string | null;
            /** @description When it may start pulls. Default: at any time. */
            windows?: components["schemas"]["MaintenanceWindow"][] | null;
        };
        /** @description A tenant to make. */
        CreateTenant: {
            /** @description 1 to 63 characters of `a-z`, `0-9` and `-`; never given again after the tenant was removed. */
            id: string;
            /** @description For people; the id when absent. */
            name?: string;
            /**
             * @description Conditions on the labels of the nodes that its tasks may be for, in Kubernetes' syntax; every node when absent.
             * @example pool in (a,b),!spot
             */
            nodeSelector?: string;
            /** @description No limits when absent. */
            quotas?: components["schemas"]["TenantQuotas"];
            /**
             * @description Repositories that it may use; all when there is none.
             * @example [
             *       "registry.example/team-a/*"
             *     ]
             */
            repositories?: string[];
        };
        /** @description A token to make. */
        CreateToken: {
            /**
             * Format: int64
             * @description Days until it ends: 0 (never) to 3650, default 90.
             */
            expiresInDays?: number;
            /** @description For people: 1 to 128 characters. */
            name: string;
            /** @description `viewer`, `operator`, `admin` or `system-admin`; at most, and by default, that of the caller. */
            role?: string;
            /**
             * @description What it may do of that, such as `tasks:read`; all where there is none.
             * @example [
             *       "tasks:read",
             *       "tasks:write"
             *     ]
             */
            scopes?: string[];
        };
        /** @description A user to make. */
        CreateUser: {
            /**
             * Format: password
             * @description At least 8 characters, at most 1024 bytes; to be changed at the first log-in.
             */
            password: string;
            /** @description `viewer`, `operator`, `admin` or `system-admin`. */
            role: string;
            /** @description Whose things it sees; the caller's own tenant when absent, another one only for a system admin. */
            tenant?: string;
            /** @description Unique: 1 to 255 characters without spaces, `/` and `:`. */
            username: string;
        };
        /** @description What the tasks that were accepted in the last 24 hours did, the newest 10,000 of them. */
        DayFigures: {
            /**
             * Format: int64
             * @description Bytes that ended pulls moved over the network.
             */
            bytesMoved: number;
            /**
             * Format: int64
             * @description Bytes that ended pulls found in place.
             */
            bytesSaved: number;
            /**
             * Format: int32
             * @description Nodes all of whose pulls of a task succeeded; a node counts for each of its tasks.
             */
            completedNodes: number;
            /**
             * Format: int32
             * @description Nodes with a failed pull of a task.
             */
            failedNodes: number;
            /** Format: int32 */
            failedPulls: number;
            /** Format: int32 */
            succeededPulls: number;
            /** Format: int32 */
            tasks: number;
        };
        /**
         * @description Which of its two meanings a delete had.
         * @enum {string}
         */
        DeleteAction: "cancelled" | "deleted";
        /** @description One event on its way to one receiver, and the log of that. */
        Delivery: {
            /** @description Id of the task or schedule, or name of the node that it happened to. */
            about: string;
            /**
             * Format: int32
             * @description HTTP status or SMTP code of the last attempt.
             */
            answer?: number;
            /**
             * Format: int32
             * @description Attempts so far.
             */
            attempts: number;
            /**
             * Format: int64
             * @description Channel; absent for the address that a task gives for itself.
             */
            channelId?: number;
            /** Format: date-time */
            createdAt: string;
            /**
             * @description What happened.
             * @example task.failed
             */
            event: string;
            /** Format: date-time */
            finishedAt?: string;
            /** @description Names it, the same at each attempt. */
            id: string;
            /** Format: date-time */
            lastAttemptAt?: string;
            /** @description What the receiver or the network said last. */
            message?: string;
            /** Format: date-time */
            nextAttemptAt?: string;
            status: components["schemas"]["DeliveryState"];
        };
        /** @description A part of the list. */
        DeliveryPage: {
            deliveries: components["schemas"]["Delivery"][];
            /**
             * Format: int32
             * @description The limit that held.
             */
            limit: number;
            /** Format: int32 */
            offset: number;
            /** Format: int32 */
            total: number;
        };
        /**
         * @description Where a delivery stands.
         * @enum {string}
         */
        DeliveryState: "queued" | "delivered" | "failed";
        /** @description Data of the event `delta`: each object replaces the one of its name as a whole. */
        DeltaEvent: {
            /** @description Things of which some changed (`schedules`, `deliveries`, `limits`, `nodes`), of whomever: read their lists again. Topic `changes`. */
            changed?: string[];
            nodes?: components["schemas"]["Node"][];
            pulls?: components["schemas"]["Pull"][];
            /** @description Ids of tasks whose record was removed. */
            removedTasks?: string[];
            tasks?: components["schemas"]["Task"][];
            /**
             * Format: int64
             * @description Version after it.
             */
            version: number;
        };
        /** @description Nodes that have one digest under a reference. */
        DigestNodes: {
            digest: string;
            /** Format: int32 */
            nodes: number;
        };
        /** @description The three digests of one image on one platform; left out while unknown. */
        Digests: {
            /** @description The image configuration: the runtime's image id. */
            config?: string;
            /** @description The platform's manifest. */
            manifest?: string;
            /** @description What the tag points at. */
            target?: string;
        };
        /** @description Room on the disks of the nodes. */
        DiskPreview: {
            /**
             * Format: int64
             * @description Room that an image is taken to need, as a multiple of its compressed size.
             */
            factor: number;
            /** @description Nodes that lack room; the first 100. */
            lacking: components["schemas"]["LackingNode"][];
            /** Format: int32 */
            lackingCount: number;
            /**
             * Format: int32
             * @description Nodes whose disk is unknown.
             */
            unknownCount: number;
        };
        /**
         * @description Through which door.
         * @enum {string}
         */
        Door: "rest" | "grpc";
        /** @description Where mail goes, without the password. */
        EmailSettings: {
            from: string;
            host: string;
            /** Format: int32 */
            port: number;
            security: components["schemas"]["MailSecurity"];
            to: string[];
            /** @description User name at the mail server, if it wants one. */
            username?: string;
        };
        /** @description Where mail goes, and how. */
        EmailSettingsRequest: {
            /**
             * @description Sender.
             * @example ips@example.com
             */
            from: string;
            /**
             * @description Mail server, without port.
             * @example smtp.example.com
             */
            host: string;
            /**
             * Format: password
             * @description A change may leave it out and keep the old one, as long as host and user name stay.
             */
            password?: string | null;
            /**
             * Format: int64
             * @description Default: 465, 587 or 25, by `security`.
             */
            port?: number | null;
            security?: components["schemas"]["MailSecurity"] | null;
            /** @description Receivers. */
            to: string[];
            /** @description User name at the mail server, if it wants one. */
            username?: string | null;
        };
        /** @description An answer that is not a success. */
        Error: {
            /** @description Class, for programs. */
            code: components["schemas"]["ErrorCode"];
            /** @description The rule or the reason, for people. */
            details?: string;
            /** @description What happened, in a few words. */
            error: string;
            /**
             * Format: int64
             * @description The execution that does not exist.
             */
            executionId?: number;
            /** @description The field that is wrong. */
            field?: string;
            /** @description The same as the header `X-Request-Id`; the log has it too. */
            requestId: string;
            /** @description The task or scheduled task that does not exist. */
            taskId?: string;
        };
        /**
         * @description Class of an error, for programs.
         * @enum {string}
         */
        ErrorCode: "invalid_argument" | "not_supported" | "unauthenticated" | "forbidden" | "password_change_required" | "rate_limited" | "quota_exceeded" | "not_found" | "already_exists" | "failed_precondition" | "too_large" | "unsupported_media_type" | "unavailable" | "internal";
        /** @description A code to change for tokens. */
        ExchangeCode: {
            /**
             * Format: password
             * @description The code; without it that of the cookie counts.
             */
            code?: string;
            /** @description What a program hashed into its request. */
            verifier?: string;
        };
        /** @description One run of a schedule, or one that was left out. */
        Execution: {
            /**
             * Format: date-time
             * @description When it was due; absent for a run that somebody asked for.
             */
            dueAt?: string;
            /**
             * Format: double
             * @description From start to end; 0 while it has not ended.
             */
            durationSeconds: number;
            /** @description Why it did not succeed, or waits. */
            errorMessage?: string;
            /**
             * Format: date-time
             * @description When it ended.
             */
            finishedAt?: string;
            /** Format: int64 */
            id: number;
            scheduledTaskId: string;
            /**
             * Format: date-time
             * @description When it began to run, or was left out.
             */
            startedAt: string;
            status: components["schemas"]["ExecutionStatus"];
            /** @description Empty when the run was left out, waits, or its task could not be made. */
            taskId: string;
            /**
             * Format: date-time
             * @description When it was taken up.
             */
            triggeredAt: string;
        };
        /** @description A part of the history of a schedule, newest start first. */
        ExecutionPage: {
            executions: components["schemas"]["Execution"][];
            /**
             * Format: int32
             * @description The limit that held.
             */
            limit: number;
            /** Format: int32 */
            offset: number;
            /**
             * Format: int32
             * @description How many match in all.
             */
            total: number;
        };
        /**
         * @description Where an execution stands.
         * @enum {string}
         */
        ExecutionStatus: "queued" | "running" | "success" | "failed" | "skipped" | "timeout";
        /** @description One failed pull. */
        FailedNode: {
            image: string;
            message?: string;
            nodeName: string;
            reason?: components["schemas"]["FailureReason"];
            /**
             * Format: date-time
             * @description When the pull ended.
             */
            timestamp: string;
        };
        /** @description Failed pulls of one reason. */
        FailureGroup: {
            /** @description One of their messages. */
            exampleMessage: string;
            /** @description One of their nodes. */
            exampleNode: string;
            /**
             * Format: int32
             * @description How many.
             */
            pulls: number;
            reason: components["schemas"]["FailureReason"];
        };
        /**
         * @description Why an attempt failed.
         * @enum {string}
         */
        FailureReason: "not_found" | "unauthorized" | "rate_limited" | "network" | "no_space" | "wrong_platform" | "runtime" | "cancelled" | "timed_out" | "tag_moved";
        /** @description How the coordinator is. */
        Health: {
            /** @description Every part and how it is; only for whoever logged in. */
            parts?: components["schemas"]["SystemPart"][];
            /** @description Why it is not ready; only for whoever logged in. */
            reasons?: string[];
            /** @description `healthy`, `ready` or `not ready`. */
            status: string;
            /** Format: date-time */
            timestamp: string;
            /** @description What is wrong although it serves, such as a scheduled task that cannot be read. */
            warnings?: string[];
        };
        /** @description The limits of one registry host. */
        HostLimit: {
            /**
             * @description Host as references name it.
             * @example docker.io
             */
            host: string;
            /**
             * Format: int64
             * @description Running pulls.
             */
            pulls?: number | null;
            /**
             * Format: double
             * @description Pulls started in a second.
             */
            startsPerSecond?: number | null;
        };
        /** @description One image over all nodes of a policy. */
        ImageCoverage: {
            /** @description Nodes by what they have. */
            coverage: components["schemas"]["CoverageCounts"];
            /** @description What nodes have under the reference, most frequent first. */
            digests: components["schemas"]["DigestNodes"][];
            /** @description The drift in words. */
            drift?: string;
            /** @description Nodes of one platform have different digests. */
            drifted: boolean;
            image: string;
        };
        /** @description One image of a preview. */
        ImagePreview: {
            /** @description Why it is not resolved. */
            error?: string;
            image: string;
            /** @description By platform of the nodes. */
            platforms: components["schemas"]["PlatformPreview"][];
            verdict: components["schemas"]["ImageVerdict"];
        };
        /**
         * @description Whether a pod can use an image that is on its node.
         * @enum {string}
         */
        ImageUsability: "unknown" | "at_once" | "after_check" | "not";
        /**
         * @description Whether a registry said what a reference stands for.
         * @enum {string}
         */
        ImageVerdict: "resolved" | "not_found" | "unauthorized" | "wrong_platform" | "unknown";
        /** @description What became of one image of an import. */
        ImportedImage: {
            /**
             * Format: int64
             * @description The entry's number, where it was added.
             */
            id?: number;
            /** @description As it was sent. */
            image: string;
            /** @description The rule that it breaks. */
            message?: string;
            result: components["schemas"]["ImportResult"];
        };
        /**
         * @description What became of an image.
         * @enum {string}
         */
        ImportResult: "added" | "existed" | "refused";
        /** @description An image on a node. */
        InventoryImage: {
            /** @description Digest of its configuration: what the runtime calls image id. */
            id: string;
            /** @description Kubelet's garbage collection leaves it alone. */
            pinned: boolean;
            repoDigests: string[];
            repoTags: string[];
            /**
             * Format: int64
             * @description As the runtime reports it.
             */
            sizeBytes: number;
            /** @description Whether pods with imagePullPolicy IfNotPresent can use it, by the kubelet's rules for credentials. */
            usability: components["schemas"]["ImageUsability"];
            /** @description Whether pods with imagePullPolicy Never can use it. */
            usabilityNever: components["schemas"]["ImageUsability"];
        };
        /** @description How long things are kept, as the coordinator's settings say; 0 means for ever. */
        Kept: {
            /**
             * Format: int64
             * @description The audit (`--audit-keep-for`).
             */
            auditSeconds: number;
            /**
             * Format: int64
             * @description Deliveries of notifications (`--deliveries-keep-for`).
             */
            deliverySeconds: number;
            /**
             * Format: int32
             * @description Executions of each schedule (`--executions-keep`).
             */
            executions: number;
            /**
             * Format: int64
             * @description Executions (`--executions-keep-for`).
             */
            executionSeconds: number;
            /**
             * Format: int64
             * @description A run that is later than this has been missed (`--missed-run-after`).
             */
            missedRunSeconds: number;
            /**
             * Format: int32
             * @description Ended tasks (`--task-retention-count`).
             */
            tasks: number;
            /**
             * Format: int64
             * @description Ended tasks (`--task-retention-age`).
             */
            taskSeconds: number;
        };
        /**
         * @description What a kubelet is set to, as the agent reads it from its configuration. Where that was not read, the thresholds are the kubelet's
         *     defaults and the rest is unknown.
         */
        KubeletFacts: {
            /** @description `imagePullCredentialsVerificationPolicy` as it is written; empty where it is not. */
            credentialsVerificationPolicy: string;
            /**
             * Format: int32
             * @description Percent of the image file system from which on the kubelet removes images; 0 while the agent has not said.
             */
            imageGcHighThresholdPercent: number;
            /** Format: int32 */
            imageGcLowThresholdPercent: number;
            /**
             * Format: int64
             * @description Images that nobody has used for so long are removed; 0 means never.
             */
            imageMaximumGcAgeMs: number;
            /** @description Why it cannot be read; empty otherwise. */
            message: string;
            /** @description How far it is known. */
            source: components["schemas"]["KubeletSource"];
            verificationAllowlist: string[];
            /** @description The feature gate `KubeletEnsureSecretPulledImages`; left out where the release decides. */
            verificationGate?: boolean;
        };
        /**
         * @description How far the configuration of a kubelet is known.
         * @enum {string}
         */
        KubeletSource: "unknown" | "read" | "absent" | "unreadable";
        /** @description A node as its cluster knows it. */
        KubernetesNode: {
            kubeletVersion: string;
            /** @description Why not; empty when it is. */
            message: string;
            /** @description The cluster takes it for ready. */
            ready: boolean;
            /** @example containerd://1.7.24 */
            runtimeVersion: string;
            taints: components["schemas"]["Taint"][];
            /** @description Closed to new pods ("cordoned"). Images are pulled all the same. */
            unschedulable: boolean;
            /** @description Empty where it is in none. */
            zone: string;
        };
        /** @description A node whose disk is too small. */
        LackingNode: {
            /** Format: int64 */
            availableBytes: number;
            name: string;
            /**
             * Format: int64
             * @description Compressed size of the missing images times `factor`.
             */
            neededBytes: number;
        };
        /**
         * @description In which language people are told.
         * @enum {string}
         */
        Language: "en" | "zh";
        /** @description One layer of a running attempt. */
        Layer: {
            /** @description Bytes. */
            bytes: components["schemas"]["ByteCounts"];
            /** @description Digest of the compressed layer. */
            digest: string;
            /**
             * Format: int32
             * @description Position in the manifest, from 0.
             */
            index: number;
            /** @description Its snapshot is committed. */
            unpacked: boolean;
        };
        /** @description An entry that is gone. */
        LibraryDeleted: {
            message: string;
        };
        /** @description One image of the library. */
        LibraryImage: {
            /** Format: date-time */
            createdAt: string;
            /** Format: int64 */
            id: number;
            image: string;
            name: string;
            tags: string[];
            /** @description Whose it is; absent for the default tenant. */
            tenant?: string;
            /** Format: date-time */
            updatedAt: string;
        };
        /** @description Images for the library. */
        LibraryImport: {
            /** @description 1 to 1000 images. */
            images: components["schemas"]["LibraryRequest"][];
        };
        /** @description What became of each image. */
        LibraryImportResult: {
            /** Format: int32 */
            added: number;
            /** Format: int32 */
            existed: number;
            /** Format: int32 */
            refused: number;
            /** @description In the order of the request. */
            results: components["schemas"]["ImportedImage"][];
        };
        /** @description A part of the list. */
        LibraryPage: {
            images: components["schemas"]["LibraryImage"][];
            /** Format: int32 */
            limit: number;
            /** Format: int32 */
            offset: number;
            /** Format: int32 */
            total: number;
        };
        /** @description An image for the library. */
        LibraryRequest: {
            /**
             * @description Reference as pods write it; unique in the library.
             * @example docker.io/library/nginx:1.27
             */
            image: string;
            /** @description At most 256 characters. */
            name?: string | null;
            /** @description Words to find it by. */
            tags?: string[] | null;
        };
        /** @description The limits in force. */
        Limits: {
            /** Format: int32 */
            clusterPulls: number;
            /** Format: int32 */
            nodePulls?: number;
            registries: components["schemas"]["HostLimit"][];
            registryDefault: components["schemas"]["RegistryLimit"];
            state: components["schemas"]["LimitsState"];
            zoneLabel: string;
            /** Format: int32 */
            zonePulls?: number;
        };
        /** @description What the limits do just now. */
        LimitsState: {
            /** @description Limits that are 0, so that nothing starts because of them. */
            paused: string[];
            /** @description Registry hosts that were pulled from since the start, by name. */
            registries: components["schemas"]["RegistryState"][];
        };
        /** @description Somebody who is logged in. */
        LoggedIn: {
            /**
             * Format: int64
             * @description Seconds that it lives.
             */
            expiresIn: number;
            /** @description What it is refreshed with, once. */
            refreshToken: string;
            /** @description Access token, for the header `Authorization: Bearer`. */
            token: string;
            user: components["schemas"]["User"];
        };
        /** @description Name and password. */
        Login: {
            /**
             * Format: password
             * @description 1 to 1024 bytes.
             */
            password: string;
            /** @description 1 to 255 characters. */
            username: string;
        };
        /** @description By what one can log in. */
        LoginMethods: {
            /** @description At a provider; absent where none is set. */
            oidc?: components["schemas"]["OidcMethod"];
            /** @description By name and password. False while identity is off: then nobody is asked. */
            password: boolean;
        };
        /**
         * @description How a login ended.
         * @enum {string}
         */
        LoginResult: "ok" | "not_needed" | "unauthorized" | "unreachable" | "tls" | "rate_limited" | "refused";
        /**
         * @description How the connection to a mail server is protected.
         * @enum {string}
         */
        MailSecurity: "tls" | "starttls" | "none";
        /** @description A time of day on some days of the week in which a task may start pulls. What runs when it closes is finished. */
        MaintenanceWindow: {
            /**
             * @description `mon` to `sun`, the days on which it opens. Default: every day.
             * @example [
             *       "sat",
             *       "sun"
             *     ]
             */
            days?: string[];
            /**
             * @description When it closes; not after `start` means on the next day.
             * @example 06:00
             */
            end: string;
            /**
             * @description When it opens.
             * @example 22:00
             */
            start: string;
            /**
             * @description IANA name of the zone of all three. Default: UTC.
             * @example Europe/Berlin
             */
            timeZone?: string;
        };
        /** @description What happened. */
        Message: {
            message: string;
        };
        /**
         * @description What happens with runs that were due while no coordinator could start them.
         * @enum {string}
         */
        MissedRuns: "skip" | "run_once";
        /** @description A token that was just made. */
        NewToken: {
            apiToken: components["schemas"]["ApiToken"];
            /** @description The secret, for the header `Authorization: Bearer`. It is shown only here. */
            token: string;
        };
        /** @description A node whose agent has said hello at least once, or that the cluster has. */
        Node: {
            /** @description Empty while no agent has said hello from it; tasks choose only nodes with an agent. */
            agentVersion: string;
            /**
             * Format: int64
             * @description How far its agent's clock was ahead of the coordinator's at the last heartbeat, in milliseconds; 0 while unknown.
             */
            clockOffsetMs: number;
            condition: components["schemas"]["NodeCondition"];
            /** @description Its agent's session is open. */
            connected: boolean;
            /** Format: date-time */
            firstSeenAt: string;
            /**
             * Format: int32
             * @description Images on it, if known.
             */
            imageCount?: number;
            /** @description Images as its runtime lists them, empty while unknown; only when one node is asked for. */
            images?: components["schemas"]["InventoryImage"][];
            /** @description The agent has sent its inventory; only when one node is asked for. */
            inventoryKnown?: boolean;
            /** @description What the cluster says of it, where there is one. */
            kubernetes?: components["schemas"]["KubernetesNode"];
            labels: {
                [key: string]: string;
            };
            /** Format: date-time */
            lastSeenAt: string;
            /**
             * Format: int32
             * @description Slots.
             */
            maxConcurrentPulls: number;
            name: string;
            /** @description What became of the images that are to be pinned there; only when one node is asked for, and once its agent has said. */
            pins?: components["schemas"]["Pins"];
            /** @example linux/amd64 */
            platform: string;
            /** @description It can pull now. */
            ready: boolean;
            /** @description Why it is not ready. */
            reason?: string;
            /**
             * Format: int32
             * @description Slots in use.
             */
            runningPulls: number;
            runtimeName: string;
            runtimeVersion: string;
            /** @description Identity of the machine behind the name. */
            uid: string;
        };
        /** @description Disk and runtime of a node, as its agent last said. */
        NodeCondition: {
            /** @description It takes no new work. */
            draining: boolean;
            /** Format: int64 */
            imageFsAvailableBytes: number;
            /** Format: int64 */
            imageFsCapacityBytes: number;
            /** Format: int64 */
            imageFsInodes: number;
            /** Format: int64 */
            imageFsInodesFree: number;
            /** @description Mount point of the image file system. */
            imageFsPath: string;
            /** Format: int64 */
            imageFsUsedBytes: number;
            kubelet: components["schemas"]["KubeletFacts"];
            /** @description Why no pull begins on it now, for example because of I/O pressure. */
            pullsPaused?: string;
            /** @description Why it does not; empty otherwise. */
            runtimeMessage: string;
            /** @description The runtime answers. */
            runtimeReady: boolean;
        };
        /** @description How many nodes there are. */
        NodeCounts: {
            /**
             * Format: int32
             * @description With an open session of their agent.
             */
            connected: number;
            /**
             * Format: int32
             * @description The same as `ready`; stays for old clients.
             */
            coverage: number;
            /**
             * Format: int32
             * @description Connected, and taking no new work.
             */
            draining: number;
            /**
             * Format: int32
             * @description Connected, with an answering runtime, and not draining.
             */
            ready: number;
            /**
             * Format: int32
             * @description Known.
             */
            total: number;
        };
        /** @description A condition on one label of a node, with the meaning that Kubernetes gives it. */
        NodeExpression: {
            /** @example topology.kubernetes.io/zone */
            key: string;
            operator: components["schemas"]["Operator"];
            /** @description For `In` and `NotIn` only. */
            values?: string[];
        };
        /** @description Nodes that have one thing in common. */
        NodeGroup: {
            /** @description Their names; only with `names=true`. */
            names?: string[];
            /**
             * Format: int32
             * @description How many they are.
             */
            nodes: number;
            /** @description What they have in common; left out for the nodes that lack it. */
            value?: string;
            /**
             * Format: int32
             * @description Different values of the label; only with `by=label_keys`.
             */
            values?: number;
        };
        /** @description Groups of nodes, the largest first and then by value. */
        NodeGroups: {
            /**
             * @description As asked.
             * @example label:pool
             */
            by: string;
            /**
             * Format: int32
             * @description How many there are in all.
             */
            groupCount: number;
            /** @description The largest ones, at most as many as were asked for. */
            groups: components["schemas"]["NodeGroup"][];
            /**
             * Format: int32
             * @description How many nodes were found.
             */
            total: number;
        };
        /** @description A part of the list of nodes, by name. */
        NodePage: {
            /**
             * Format: int32
             * @description The limit that held.
             */
            limit: number;
            nodes: components["schemas"]["Node"][];
            /** Format: int32 */
            offset: number;
            /**
             * Format: int32
             * @description How many match in all.
             */
            total: number;
        };
        /** @description Topic `nodes`. */
        NodesTopic: {
            nodes: components["schemas"]["Node"][];
        };
        /** @description How one logs in at a provider. */
        OidcMethod: {
            /** @description Where a browser begins; `?next=/path` says where it goes on. */
            loginUrl: string;
            /** @description What the button says. */
            name: string;
        };
        /**
         * @description How a label is compared.
         * @enum {string}
         */
        Operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
        /**
         * @description What happens when a run is due while the one before has not ended.
         * @enum {string}
         */
        OverlapPolicy: "skip" | "allow" | "queue" | "replace";
        /** @description Why a policy is paused. */
        PausePolicy: {
            /** @description For people. */
            reason?: string;
        };
        /** @description One image that is to be pinned. */
        Pin: {
            image: string;
            /** @description For people; empty when there is nothing to say. */
            message: string;
            state: components["schemas"]["PinState"];
        };
        /** @description What became of pins on a node. */
        Pins: {
            /**
             * Format: int64
             * @description Bytes that the agent may pin.
             */
            budgetBytes: number;
            /** @description Pins mean something there: containerd is 1.7 or newer, and the kubelet, where the cluster tells its version, 1.24 or newer. */
            honoured: boolean;
            /** @description Every image that is to be pinned there. */
            images: components["schemas"]["Pin"][];
            /** @description Why not; empty otherwise. */
            message: string;
            /**
             * Format: int64
             * @description Bytes that it has pinned, by the sizes of CRI.
             */
            pinnedBytes: number;
        };
        /**
         * @description What became of a pin.
         * @enum {string}
         */
        PinState: "pinned" | "absent" | "over_budget" | "released" | "not_honoured" | "failed";
        /** @description One image on the nodes of one platform. */
        PlatformPreview: {
            /** Format: int64 */
            bytesToMove: number;
            /** @description Left out when unknown, or when a resolved image has no variant for the platform. */
            digests?: components["schemas"]["Digests"];
            /** Format: int32 */
            nodes: number;
            /** @example linux/amd64 */
            platform: string;
            /**
             * Format: int32
             * @description Nodes that have exactly this content, under whatever name.
             */
            presentNodes: number;
            /**
             * Format: int64
             * @description Compressed; left out when unknown.
             */
            sizeBytes?: number;
            /**
             * Format: int32
             * @description Nodes whose images are unknown; they count as if they had none.
             */
            unknownNodes: number;
        };
        /** @description Images that are kept warm on every node that matches. */
        Policy: {
            /** @description What is to be said of it as a whole; empty until its nodes were looked at. */
            conditions: components["schemas"]["PolicyCondition"][];
            /** @description Its images on its nodes, by state. */
            coverage: components["schemas"]["CoverageCounts"];
            /** Format: date-time */
            createdAt: string;
            /** @description Who made it; empty when nobody had to say who they are. */
            createdBy: string;
            /**
             * @description The Kubernetes object that declares it, as namespace and name: it is changed there. Absent for one that was made by the API.
             * @example team-a/base
             */
            declaredBy?: string;
            description: string;
            /** @description Empty in the answer to a dry run. */
            id: string;
            /** @description Secrets of that namespace that its pulls log in with; absent for none. */
            imagePullSecrets?: string[];
            /** @description All images that it wants, those of the library and of workloads included. */
            images: components["schemas"]["PolicyImage"][];
            /** @description Tag of the library whose images are wanted beside those of the task. */
            libraryTag?: string;
            name: string;
            /**
             * Format: int32
             * @description Nodes that it chooses now.
             */
            nodes: number;
            /** @description Whether it orders nothing. */
            paused: boolean;
            /** @description Why it orders nothing. */
            pausedReason?: string;
            tagFollowing: components["schemas"]["TagFollowing"];
            /** @description Images of its own, nodes, limits and credentials. */
            taskConfig: components["schemas"]["TaskConfig"];
            /** @description Whose it is; absent for the default tenant. */
            tenant?: string;
            /**
             * Format: date-time
             * @description When somebody changed it last.
             */
            updatedAt: string;
            /** @description Workloads of the cluster whose images are wanted, too. */
            workloads?: components["schemas"]["Workloads"];
        };
        /** @description Something to be said of a policy, in the manner of Kubernetes. */
        PolicyCondition: {
            /** @description Why, in a sentence; empty where there is nothing to say. */
            message: string;
            /** @description Why, in a word. */
            reason: string;
            /** @description `True` or `False`. */
            status: string;
            /** @description `Matched`, `Warm`, `TooLarge`, `Flapping`, `TagMoved` or `Held`; where workloads are followed also `Followed` and `AlwaysPulled`. */
            type: string;
        };
        /** @description How far a policy is true. */
        PolicyCoverage: {
            /** @description Images on nodes, by node; what the query lets through. */
            cells: components["schemas"]["CoverageCell"][];
            /** @description Each image over all nodes. */
            images: components["schemas"]["ImageCoverage"][];
            /**
             * Format: int32
             * @description The limit that held.
             */
            limit: number;
            /** Format: int32 */
            offset: number;
            policy: components["schemas"]["Policy"];
            /**
             * Format: int32
             * @description How many cells match in all.
             */
            total: number;
        };
        /** @description One image that a policy wants. */
        PolicyImage: {
            /**
             * Format: date-time
             * @description When the registry was asked last.
             */
            checkedAt?: string;
            /** @description Digest that the tag stood for when it was last followed. */
            digest?: string;
            /** @description Why the registry could not be asked. */
            error?: string;
            /** @description Reference as pods write it. */
            image: string;
            /** @description Digest that it was found to stand for since. */
            movedTo?: string;
            /**
             * @description `nodeSelector`s of the followed workloads that run it: it is wanted on nodes that fit any of them. Absent where it is wanted on every
             *     node of the policy.
             */
            nodeSelectors?: {
                [key: string]: string;
            }[];
            /**
             * Format: int64
             * @description Compressed size in bytes on the first platform; 0 while unknown.
             */
            sizeBytes: number;
        };
        /** @description A part of the list of policies, newest first. */
        PolicyPage: {
            /**
             * Format: int32
             * @description The limit that held.
             */
            limit: number;
            /** Format: int32 */
            offset: number;
            policies: components["schemas"]["Policy"][];
            /**
             * Format: int32
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description One node of a preview. */
        PreviewNode: {
            name: string;
            ready: boolean;
            /** @description Why it cannot pull now. */
            reason?: string;
        };
        /** @description One image on one node for one task. */
        Pull: {
            /**
             * Format: int32
             * @description Attempts handed out so far.
             */
            attempt: number;
            bytes: components["schemas"]["ByteCounts"];
            /** @description What the runtime showed. */
            digests?: components["schemas"]["Digests"];
            /** @description The runtime's digests match what the task resolved. */
            digestVerified: boolean;
            /** @description Why its last attempt failed. */
            failureReason?: components["schemas"]["FailureReason"];
            /**
             * Format: date-time
             * @description When it ended.
             */
            finishedAt?: string;
            image: string;
            /** @description All layers, while pulling and once the manifest is known. */
            layers?: components["schemas"]["Layer"][];
            /** @description The runtime's words, a remark, or why it was skipped. */
            message?: string;
            nodeName: string;
            /**
             * Format: date-time
             * @description While queued for another attempt: when that may start.
             */
            notBefore?: string;
            /** @description While pulling. */
            phase?: components["schemas"]["PullPhase"];
            pullId: string;
            /**
             * Format: date-time
             * @description When its last attempt was handed out.
             */
            startedAt?: string;
            state: components["schemas"]["PullState"];
            successReason?: components["schemas"]["SuccessReason"];
            taskId: string;
            /**
             * Format: int64
             * @description What it fetches now.
             */
            throughputBytesPerSecond: number;
        };
        /** @description A part of a task's pulls, by node, then image. */
        PullPage: {
            /**
             * Format: int32
             * @description The limit that held.
             */
            limit: number;
            /** Format: int32 */
            offset: number;
            pulls: components["schemas"]["Pull"][];
            /**
             * Format: int32
             * @description How many match in all.
             */
            total: number;
        };
        /**
         * @description What a running attempt is doing.
         * @enum {string}
         */
        PullPhase: "resolving" | "fetching" | "unpacking" | "verifying";
        /**
         * @description Whether a warm image is left alone, in Kubernetes' words.
         * @enum {string}
         */
        PullPolicy: "IfNotPresent" | "Always";
        /**
         * @description Where a pull stands.
         * @enum {string}
         */
        PullState: "queued" | "dispatched" | "pulling" | "succeeded" | "skipped" | "failed" | "cancelled";
        /** @description Which images go from which nodes: `images`, `taskId` or `policyId`. Images times nodes may be at most 10,000. */
        Purge: {
            /** @description Only say what would happen. */
            dryRun?: boolean;
            /** @description References as pods write them, no duplicates. */
            images?: string[];
            /** @description Only these nodes; all where it is left out. */
            nodeNames?: string[];
            /** @description The images of this policy, from the nodes that it chooses; it must be paused. */
            policyId?: string | null;
            /**
             * @description Conditions on labels in Kubernetes' syntax.
             * @example pool in (gpu,cpu),!spot
             */
            selector?: string | null;
            /** @description The images of this task, from the nodes that it was for. */
            taskId?: string | null;
        };
        /** @description What became of a purge. */
        PurgeOutcome: {
            /** @description How many there are of each result. */
            counts: {
                [key: string]: number;
            };
            /** @description Nothing was removed, only asked. */
            dryRun: boolean;
            results: components["schemas"]["PurgeResult"][];
        };
        /** @description What became of one image on one node. */
        PurgeResult: {
            image: string;
            /** @description For people; empty when there is nothing to say. */
            message: string;
            nodeName: string;
            result: components["schemas"]["RemovalResult"];
        };
        /** @description A refresh token. */
        Refresh: {
            /**
             * Format: password
             * @description As the log-in or the last refresh gave it.
             */
            refreshToken: string;
        };
        /** @description How hard one registry host may be pressed. */
        RegistryLimit: {
            /**
             * Format: int64
             * @description Running pulls.
             */
            pulls?: number | null;
            /**
             * Format: double
             * @description Pulls started in a second.
             */
            startsPerSecond?: number | null;
        };
        /** @description How one registry host bears what is asked of it. */
        RegistryState: components["schemas"]["RegistryLimit"] & {
            /**
             * Format: int32
             * @description What it bears by its own answers; left out while it has turned nothing away.
             */
            adaptiveLimit?: number;
            /**
             * Format: date-time
             * @description Until when it is left alone because it turned pulls away.
             */
            backingOffUntil?: string;
            host: string;
            /** @description The operator's limit is 0. */
            paused: boolean;
            /**
             * Format: int32
             * @description Pulls that run from it.
             */
            running: number;
        };
        /**
         * @description What became of an image that was to be removed.
         * @enum {string}
         */
        RemovalResult: "removed" | "would_remove" | "in_use" | "pinned" | "wanted" | "sandbox" | "absent" | "failed" | "offline" | "unanswered";
        /** @description One of several coordinators on the same database. All of them serve everybody; one leads. */
        Replica: {
            /**
             * @description Where other replicas reach it.
             * @example 10.0.0.7:9444
             */
            address: string;
            /** @description Its name, which a process that comes back does not keep. */
            id: string;
            /** @description It is the one that leads. */
            leads: boolean;
            /**
             * Format: date-time
             * @description When it was last heard of, by the database's clock.
             */
            seenAt: string;
        };
        /** @description What one image of a task is on each platform among its nodes. */
        ResolvedImage: {
            /** @description Why it could not be resolved. */
            error?: string;
            image: string;
            /** @description Empty until it is resolved. */
            platforms: components["schemas"]["ResolvedPlatform"][];
        };
        /** @description An image on one platform. */
        ResolvedPlatform: {
            /** @description The runtime's image id. */
            configDigest?: string;
            manifestDigest?: string;
            /** @example linux/amd64 */
            platform: string;
            /**
             * Format: int64
             * @description Configuration and layers, compressed.
             */
            sizeBytes: number;
            /** @description What the tag pointed at. */
            targetDigest?: string;
        };
        /**
         * @description How the wait between attempts grows.
         * @enum {string}
         */
        RetryStrategy: "linear" | "exponential";
        /** @description How a task runs; what was not asked for is left out. */
        Rules: {
            /**
             * Format: int32
             * @description More than so many percent of failed pulls stop the task.
             */
            abortFailurePercent?: number;
            /** @description How batches follow each other. */
            batchMode: components["schemas"]["BatchMode"];
            /**
             * @description Nodes that go first, as number or percentage of the targets.
             * @example 1
             */
            canary?: string;
            /** @description Those nodes; the first 100. */
            canaryNodes?: string[];
            /**
             * Format: int32
             * @description Longest life in seconds.
             */
            deadlineSeconds?: number;
            /**
             * @description Nodes with an open pull at a time, as number or percentage of the targets.
             * @example 10%
             */
            parallelism?: string;
            /** @description Its images are pinned; left out where they are not. */
            pin?: boolean;
            /** @description Whether a warm image is left alone. */
            pullPolicy: components["schemas"]["PullPolicy"];
            /**
             * Format: int32
             * @description So many percent of succeeded pulls make it a success.
             */
            successThreshold: number;
            /** @description When it may start pulls; left out when at any time. */
            windows?: components["schemas"]["MaintenanceWindow"][];
        };
        /** @description A task that is started again and again by a timetable. */
        ScheduledTask: {
            /** Format: date-time */
            createdAt: string;
            /** @description Who made it; empty when nobody had to say who they are. */
            createdBy: string;
            /** @description Expression without its zone. */
            cronExpr: string;
            description: string;
            /** @description Whether runs are started. */
            enabled: boolean;
            id: string;
            /**
             * Format: date-time
             * @description When a run was started last.
             */
            lastExecutionAt?: string;
            missedRuns: components["schemas"]["MissedRuns"];
            name: string;
            /**
             * Format: date-time
             * @description When the next run is due; absent while it is disabled.
             */
            nextExecutionAt?: string;
            /** @description When the next five runs are due; empty while it is disabled. */
            nextExecutions: string[];
            overlapPolicy: components["schemas"]["OverlapPolicy"];
            taskConfig: components["schemas"]["TaskConfig"];
            /** @description Whose it is; absent for the default tenant. */
            tenant?: string;
            /**
             * Format: int32
             * @description Longest run in seconds; 0 means none.
             */
            timeoutSeconds: number;
            /** @description IANA name of the zone. */
            timeZone: string;
            /**
             * Format: date-time
             * @description When somebody changed it last.
             */
            updatedAt: string;
        };
        /** @description What was done to a schedule. */
        ScheduledTaskAction: {
            message: string;
            /** @description Always `success`. */
            status: string;
            /** @description The schedule; of a trigger: the task that was started. */
            taskId: string;
        };
        /** @description A part of the list of schedules, newest first. */
        ScheduledTaskPage: {
            /**
             * Format: int32
             * @description The limit that held.
             */
            limit: number;
            /** Format: int32 */
            offset: number;
            tasks: components["schemas"]["ScheduledTask"][];
            /**
             * Format: int32
             * @description How many there are in all.
             */
            total: number;
        };
        /** @description A credential without its password. */
        Secret: {
            /** Format: date-time */
            createdAt: string;
            /** Format: int64 */
            id: number;
            /** @description Names the key that encrypted it. */
            keyId: string;
            name: string;
            /** @description False when the key that encrypted it is gone, or its record was changed by somebody else. */
            readable: boolean;
            registry: string;
            /** @description Whose it is; absent for the default tenant. */
            tenant?: string;
            /** @description Why it cannot be read. */
            unreadableReason?: string;
            /** Format: date-time */
            updatedAt: string;
            username: string;
        };
        /** @description A part of the list. */
        SecretPage: {
            /**
             * Format: int32
             * @description From 1.
             */
            page: number;
            /** Format: int32 */
            pageSize: number;
            secrets: components["schemas"]["Secret"][];
            /** Format: int32 */
            total: number;
        };
        /** @description A login for a registry, or for a part of its repositories. */
        SecretRequest: {
            /** @description Unique, 1 to 128 characters. */
            name: string;
            /**
             * Format: password
             * @description At most 16 KiB. A change may leave it out and keep the old one, as long as the registry's host stays the same.
             */
            password?: string | null;
            /**
             * @description `host[:port]`, with a prefix of repositories if it is only for those.
             * @example harbor.corp/team-a
             */
            registry: string;
            /** @description 1 to 256 characters without a colon. */
            username: string;
        };
        /** @description What happened when the credential was tried. */
        SecretTest: {
            /** @description In a sentence. */
            message: string;
            /** @description In a word. */
            result: components["schemas"]["LoginResult"];
        };
        /** @description The conditions that a task's nodes met; each is left out when it was not asked for. */
        Selection: {
            /** @description How many names there are, where not all are shown. */
            excludeNodeCount?: number;
            /** @description These were not meant; the first 100. */
            excludeNodes?: string[];
            /** @description All other conditions on labels, in Kubernetes' syntax. */
            labelSelector?: string;
            /**
             * @description So many of the nodes that matched, as number or percentage.
             * @example 25%
             */
            maxNodes?: string;
            /** @description How many names there are, where not all are shown. */
            nodeNameCount?: number;
            /** @description Only these were meant; the first 100. */
            nodeNames?: string[];
            /** @description Labels that its nodes have; left out when every node was meant. */
            nodeSelector?: {
                [key: string]: string;
            };
            /** @example linux/amd64 */
            platform?: string;
        };
        /** @description All limits. */
        SetLimits: {
            /**
             * Format: int64
             * @description Running pulls in the whole cluster. Required.
             */
            clusterPulls: number | null;
            /**
             * Format: int64
             * @description Running pulls on each node, beside what its agent allows.
             */
            nodePulls?: number | null;
            /** @description By registry host. */
            registries?: components["schemas"]["HostLimit"][] | null;
            registryDefault?: components["schemas"]["RegistryLimit"] | null;
            /** @description Label of nodes that names their zone. Default: topology.kubernetes.io/zone. */
            zoneLabel?: string | null;
            /**
             * Format: int64
             * @description Running pulls in each topology zone.
             */
            zonePulls?: number | null;
        };
        /** @description What to log. */
        SetLogLevel: {
            /**
             * @description error, warn, info, debug or trace, or a list of target=level.
             * @example info,ips_coordinator::engine=debug
             */
            filter: string;
        };
        /** @description A number or a percentage: `10`, `"10"` or `"25%"`. The rules about it are the domain's. */
        Share: number | string;
        /** @description Data of the events `snapshot` and `resync`: everything that the topics show. */
        SnapshotEvent: {
            /** @description Why everything is sent again (`resync` only). */
            reason?: string;
            /** @description Topic to what it shows. A task that was removed in the meantime is missing. */
            topics: {
                [key: string]: components["schemas"]["TopicSnapshot"];
            };
            /**
             * Format: int64
             * @description Deltas with a greater version come after it.
             */
            version: number;
        };
        /** @description The service in numbers. */
        Stats: {
            lastDay: components["schemas"]["DayFigures"];
            nodes: components["schemas"]["NodeCounts"];
            tasks: components["schemas"]["TaskCounts"];
            /**
             * Format: int64
             * @description What all pulls fetch now.
             */
            throughputBytesPerSecond: number;
        };
        /**
         * @description Why a pull succeeded.
         * @enum {string}
         */
        SuccessReason: "pulled" | "already_present";
        /** @description The coordinator. */
        System: {
            /**
             * Format: int64
             * @description Grows with every start and with every change of the replica that leads.
             */
            epoch: number;
            kept: components["schemas"]["Kept"];
            /** @description What it logs. */
            logFilter: string;
            parts: components["schemas"]["SystemPart"][];
            /** @description It can serve. */
            ready: boolean;
            /** @description Replicas that were heard of within the last seconds; none where one coordinator works alone. */
            replicas: components["schemas"]["Replica"][];
            /** Format: date-time */
            startedAt: string;
            /**
             * Format: date-time
             * @description Its clock.
             */
            time: string;
            version: string;
        };
        /** @description One part of the coordinator. */
        SystemPart: {
            /** @description Why it does not work, or what is wrong although it does. */
            message?: string;
            /** @example database */
            name: string;
            /** @description It works. */
            ok: boolean;
        };
        /** @description What happens when a tag points at something else than when it was last followed. */
        TagFollowing: {
            /** @description When tags are looked at. */
            cronExpr?: string;
            /** @description `never`, `schedule` or `alert`. */
            mode: string;
            /**
             * Format: date-time
             * @description When tags are looked at next.
             */
            nextAt?: string;
            /** @description IANA name of its zone. */
            timeZone?: string;
        };
        /** @description How tags are followed. */
        TagFollowingRequest: {
            /** @description When tags are looked at, as for a scheduled task; required for `schedule`, `@hourly` where `alert` names none. */
            cronExpr?: string;
            /**
             * @description `never`: a node that has the tag is warm; `schedule`: nodes get what the tag points at at each time of the timetable; `alert`: people
             *     are told when it has moved.
             */
            mode?: string;
            /** @description IANA name of its zone. Default: UTC. */
            timeZone?: string;
        };
        /** @description What keeps pods off a node that do not tolerate it. */
        Taint: {
            /** @example NoSchedule */
            effect: string;
            key: string;
            /** @description Empty for none. */
            value: string;
        };
        /** @description One prewarm operation: these images on these nodes, once. */
        Task: components["schemas"]["Selection"] & components["schemas"]["Rules"] & {
            /**
             * Format: int32
             * @description Nodes with an open pull at a time, if limited.
             */
            batchSize?: number;
            /** @description Names of the channels that are told of its end. */
            channels?: string[];
            /** Format: date-time */
            createdAt: string;
            /** @description The Kubernetes object that declares it, or its policy, as `namespace/name`; absent for what came by the API. */
            declaredBy?: string;
            /** @description Why it failed. */
            errorMessage?: string;
            /**
             * Format: date-time
             * @description When it will end at this pace.
             */
            estimatedCompletion?: string;
            /** @description Failed pulls one by one; only when one task is asked for. */
            failedNodeDetails?: components["schemas"]["FailedNode"][];
            /** @description Failed pulls by reason, most frequent first. */
            failures: components["schemas"]["FailureGroup"][];
            /**
             * Format: date-time
             * @description When it ended.
             */
            finishedAt?: string;
            /** @description Secrets of that namespace that its pulls log in with; absent for none. */
            imagePullSecrets?: string[];
            /** @description References as pods write them. */
            images: string[];
            /** Format: int32 */
            maxRetries: number;
            /** @description Node name to image to 1 (succeeded) or 0 (failed); only when one task is asked for. */
            nodeStatuses?: {
                [key: string]: {
                    [key: string]: number;
                };
            };
            /**
             * Format: int32
             * @description Longest standstill of an attempt, in seconds.
             */
            noProgressTimeoutSeconds: number;
            /** @description The standing policy that ordered it; absent where somebody else did. */
            policyId?: string;
            /**
             * Format: int32
             * @description 1 (last) to 10 (first).
             */
            priority: number;
            progress: components["schemas"]["TaskProgress"];
            /**
             * Format: int32
             * @description Longest attempt, in seconds.
             */
            pullTimeoutSeconds: number;
            /** @description Registry of the login that it brought along. */
            registry?: string;
            /** @description What each image resolved to, in the order of `images`. */
            resolvedImages: components["schemas"]["ResolvedImage"][];
            /**
             * Format: int32
             * @description Retries spent by all pulls.
             */
            retryCount: number;
            /**
             * Format: int32
             * @description First wait between attempts, in seconds.
             */
            retryDelay: number;
            retryStrategy: components["schemas"]["RetryStrategy"];
            /**
             * Format: int64
             * @description The first stored credential that it names.
             */
            secretId?: number;
            /** @description All stored credentials that it names. */
            secretIds?: number[];
            /** @description Its name when the task was accepted. */
            secretName?: string;
            /**
             * Format: date-time
             * @description When its first pull was handed out.
             */
            startedAt?: string;
            status: components["schemas"]["TaskState"];
            taskId: string;
            /** @description Whose it is; absent for the default tenant. */
            tenant?: string;
            /** @description User name of the login that it brought along. */
            username?: string;
            /** @description Why nothing of it runs although pulls wait. */
            waitingFor?: string;
            /** @description Address that is told of its end. */
            webhookUrl?: string;
        };
        /** @description The task of every run. */
        TaskConfig: components["schemas"]["Selection"] & components["schemas"]["Rules"] & {
            /** Format: int32 */
            batchSize?: number;
            /** @description Names of the channels that are told of its end. */
            channels?: string[];
            /** @description References as pods write them. */
            images: string[];
            /** Format: int32 */
            maxRetries: number;
            /** Format: int32 */
            noProgressTimeoutSeconds: number;
            /** Format: int32 */
            priority: number;
            /** Format: int32 */
            pullTimeoutSeconds: number;
            /** Format: int32 */
            retryDelay: number;
            retryStrategy: components["schemas"]["RetryStrategy"];
            /**
             * Format: int64
             * @description The first stored credential that it names.
             */
            secretId?: number;
            /** @description All stored credentials that it names. */
            secretIds?: number[];
            /** @description Address that is told of its end. */
            webhookUrl?: string;
        };
        /** @description How many tasks are in each state. */
        TaskCounts: {
            /** Format: int32 */
            cancelled: number;
            /** Format: int32 */
            completed: number;
            /** Format: int32 */
            failed: number;
            /** Format: int32 */
            paused: number;
            /** Format: int32 */
            pending: number;
            /** Format: int32 */
            running: number;
        };
        /** @description What `DELETE /tasks/{id}` did. */
        TaskDeleted: {
            action: components["schemas"]["DeleteAction"];
            message: string;
            /** @description Always `success`. */
            status: string;
            taskId: string;
        };
        /** @description A part of the list of tasks, newest first. */
        TaskPage: {
            /**
             * Format: int32
             * @description The limit that held.
             */
            limit: number;
            /** Format: int32 */
            offset: number;
            tasks: components["schemas"]["Task"][];
            /**
             * Format: int32
             * @description How many match in all.
             */
            total: number;
        };
        /** @description What a task would do. */
        TaskPreview: {
            /**
             * Format: int64
             * @description What nobody would have to move.
             */
            bytesPresent: number;
            /**
             * Format: int64
             * @description What would go over the network, as far as sizes are known.
             */
            bytesToMove: number;
            disk: components["schemas"]["DiskPreview"];
            /** @description In the order of the request. */
            images: components["schemas"]["ImagePreview"][];
            /** Format: int32 */
            nodeCount: number;
            /** @description Nodes that it would be for, by name; the first 100. */
            nodes: components["schemas"]["PreviewNode"][];
            /**
             * Format: int32
             * @description How many of them cannot pull now; their pulls would wait.
             */
            offlineCount: number;
            /**
             * Format: int32
             * @description Nodes times images.
             */
            pulls: number;
        };
        /** @description How far a task is. */
        TaskProgress: {
            bytes: components["schemas"]["ByteCounts"];
            /**
             * Format: int64
             * @description Of `bytes`: moved over the network.
             */
            bytesMoved: number;
            /**
             * Format: int64
             * @description Of `bytes`: present before, so that nobody had to move them.
             */
            bytesSaved: number;
            /** Format: int32 */
            cancelledPulls: number;
            /**
             * Format: int32
             * @description Nodes all of whose pulls succeeded.
             */
            completedNodes: number;
            /**
             * Format: int32
             * @description Batch that runs, from 1; 0 without a batch size or before the first pull.
             */
            currentBatch: number;
            /**
             * Format: int32
             * @description Nodes with a failed pull.
             */
            failedNodes: number;
            /** Format: int32 */
            failedPulls: number;
            /**
             * Format: double
             * @description Completed nodes of all nodes, 0 to 100. A task with failures ends below 100.
             */
            percentage: number;
            /** Format: int32 */
            queuedPulls: number;
            /** Format: int32 */
            runningPulls: number;
            /** Format: int32 */
            skippedPulls: number;
            /** Format: int32 */
            succeededPulls: number;
            /**
             * Format: int64
             * @description What all its pulls fetch now.
             */
            throughputBytesPerSecond: number;
            /**
             * Format: int32
             * @description Batches in all; 0 without a batch size.
             */
            totalBatches: number;
            /**
             * Format: int32
             * @description Nodes targeted.
             */
            totalNodes: number;
            /** Format: int32 */
            totalPulls: number;
        };
        /**
         * @description Where a task stands.
         * @enum {string}
         */
        TaskState: "pending" | "running" | "paused" | "completed" | "failed" | "cancelled";
        /** @description Topic `tasks`. */
        TasksTopic: {
            /** @description The newest 100. */
            tasks: components["schemas"]["Task"][];
            /**
             * Format: int32
             * @description How many there are.
             */
            total: number;
        };
        /** @description Topic `task:{id}`. */
        TaskTopic: {
            /** @description By node, then image; at most 10,000. The rest is at `GET /tasks/{id}/pulls`. */
            pulls: components["schemas"]["Pull"][];
            task: components["schemas"]["Task"];
            /**
             * Format: int32
             * @description How many there are.
             */
            totalPulls: number;
        };
        /** @description A tenant with what it uses. */
        Tenant: {
            /** Format: date-time */
            createdAt: string;
            id: string;
            name: string;
            /** @description Conditions on the labels of its nodes; empty means every node. */
            nodeSelector: string;
            quotas: components["schemas"]["TenantQuotas"];
            /** @description Repositories that it may use; empty means all. */
            repositories: string[];
            /** Format: date-time */
            updatedAt: string;
            usage: components["schemas"]["TenantUsage"];
        };
        /** @description How much a tenant may; what is absent is not limited, and 0 allows nothing. */
        TenantQuotas: {
            /**
             * Format: int64
             * @description Bytes fetched from registries in a day of UTC. What runs when it is reached goes on.
             */
            bytesPerDay?: number | null;
            /**
             * Format: int64
             * @description Pulls that hold a slot at a time.
             */
            openPulls?: number | null;
            /**
             * Format: int64
             * @description Tasks accepted in a day of UTC.
             */
            tasksPerDay?: number | null;
        };
        /** @description All tenants. */
        Tenants: {
            /** @description By id. */
            tenants: components["schemas"]["Tenant"][];
        };
        /** @description What a tenant uses now, and used up today. */
        TenantUsage: {
            /**
             * Format: int64
             * @description Bytes fetched today (UTC).
             */
            bytesToday: number;
            /**
             * Format: date-time
             * @description When today ends for the quotas.
             */
            dayEndsAt: string;
            /**
             * Format: int32
             * @description Pulls that hold a slot.
             */
            openPulls: number;
            /**
             * Format: int32
             * @description Tasks accepted today (UTC).
             */
            tasksToday: number;
        };
        /** @description All tokens of the tenant. */
        Tokens: {
            tokens: components["schemas"]["ApiToken"][];
        };
        /** @description What one topic shows. */
        TopicSnapshot: components["schemas"]["TasksTopic"] | components["schemas"]["TaskTopic"] | components["schemas"]["NodesTopic"] | components["schemas"]["ChangesTopic"];
        /** @description A change of a channel; what is absent stays as it is. */
        UpdateChannel: {
            email?: components["schemas"]["EmailSettingsRequest"] | null;
            /** @description Whether it is told anything. */
            enabled?: boolean | null;
            /** @description Replaces the list of events. */
            events?: string[] | null;
            kind?: components["schemas"]["ChannelKind"] | null;
            language?: components["schemas"]["Language"] | null;
            /** @description Unique, 1 to 128 characters. */
            name?: string | null;
            /**
             * Format: password
             * @description A new key of signatures; empty removes it.
             */
            secret?: string | null;
            /**
             * Format: password
             * @description A new address.
             */
            url?: string | null;
        };
        /** @description Limits to change; what is left out stays, `null` takes a limit away. */
        UpdateLimits: {
            /**
             * Format: int64
             * @description Running pulls in the whole cluster.
             */
            clusterPulls?: number;
            /**
             * Format: int64
             * @description Running pulls on each node.
             */
            nodePulls?: number | null;
            /** @description Replace the limits of these hosts; other hosts stay. */
            registries?: components["schemas"]["HostLimit"][];
            /** @description For each registry host that is not listed. */
            registryDefault?: components["schemas"]["UpdateRegistryLimit"];
            /** @description Hosts that have the default limits from now on; each must be listed. */
            removeRegistries?: string[];
            /** @description Label of nodes that names their zone; empty means the default. */
            zoneLabel?: string;
            /**
             * Format: int64
             * @description Running pulls in each topology zone.
             */
            zonePulls?: number | null;
        };
        /** @description A change of a policy; what is absent stays as it is. */
        UpdatePolicy: {
            /** @description Words for people. */
            description?: string;
            /** @description Tag of the library; empty takes it away. */
            libraryTag?: string;
            /** @description Unique in the tenant. */
            name?: string;
            /** @description Whether it orders nothing. */
            paused?: boolean;
            /** @description What happens when a tag points at something else. */
            tagFollowing?: components["schemas"]["TagFollowingRequest"];
            /** @description Replaces the task as a whole. */
            taskConfig?: components["schemas"]["CreateTask"];
            /** @description Replaces the workloads as a whole; an empty object takes them away. */
            workloads?: components["schemas"]["WorkloadsRequest"];
        };
        /** @description Limits of hosts that are not listed, to change. */
        UpdateRegistryLimit: {
            /**
             * Format: int64
             * @description Running pulls.
             */
            pulls?: number | null;
            /**
             * Format: double
             * @description Pulls started in a second.
             */
            startsPerSecond?: number | null;
        };
        /** @description A change of a schedule; what is absent stays as it is. `null` is as absent for clients of the original IPS, where nothing else is said. */
        UpdateScheduledTask: {
            /** @description As for a new schedule. */
            cronExpr?: string | null;
            /** @description Words for people. */
            description?: string | null;
            /** @description Whether runs are started. */
            enabled?: boolean | null;
            missedRuns?: components["schemas"]["MissedRuns"] | null;
            /** @description Name for people. */
            name?: string | null;
            overlapPolicy?: components["schemas"]["OverlapPolicy"] | null;
            taskConfig?: components["schemas"]["CreateTask"] | null;
            /**
             * Format: int64
             * @description Longest run in seconds; 0 means none.
             */
            timeoutSeconds?: number | null;
            /** @description IANA name of the zone; empty or `null` means UTC. */
            timeZone?: string | null;
        };
        /** @description What to change of a tenant; what is left out stays. */
        UpdateTenant: {
            /** @description For people. */
            name?: string;
            /** @description Conditions on labels; empty text means every node. */
            nodeSelector?: string;
            /** @description Replaces all quotas; one that is absent within is none. */
            quotas?: components["schemas"]["TenantQuotas"];
            /** @description Replaces all patterns; an empty list means all repositories. */
            repositories?: string[];
        };
        /** @description What to change; what is left out stays. */
        UpdateUser: {
            /**
             * Format: password
             * @description The old one; needed for one's own.
             */
            currentPassword?: string;
            /** @description Whether it may not log in. */
            disabled?: boolean;
            /**
             * Format: password
             * @description New password: at least 8 characters, at most 1024 bytes.
             */
            password?: string;
            /** @description `viewer`, `operator`, `admin` or `system-admin`. */
            role?: string;
        };
        /** @description A user without anything secret. */
        User: {
            /** Format: date-time */
            createdAt: string;
            /** @description It may not log in. */
            disabled: boolean;
            /** @description It logs in at the provider, has no password here, and gets its role there at each log-in. */
            external: boolean;
            /** Format: int64 */
            id: number;
            /**
             * Format: date-time
             * @description Absent while it never has.
             */
            lastLoginAt?: string;
            /** @description It must choose a password before anything else. */
            mustChangePassword: boolean;
            /** @description `viewer`, `operator`, `admin` (of a tenant) or `system-admin`. */
            role: string;
            /** @description Whose things it sees. */
            tenant: string;
            /** Format: date-time */
            updatedAt: string;
            username: string;
        };
        /** @description A user that was changed. */
        UserUpdated: {
            message: string;
            user: components["schemas"]["User"];
        };
        /** @description Which workloads a policy follows. */
        Workloads: {
            /** @description Only these kinds; empty means all. */
            kinds: string[];
            /** @description Only in these namespaces; empty means all that the tenant may follow. */
            namespaces: string[];
            /** @description Only those with these labels, in Kubernetes' syntax; empty means any. */
            selector: string;
        };
        /** @description Which workloads a policy follows; a workload must meet every condition that is named. Nothing named means none. */
        WorkloadsRequest: {
            /** @description Only these kinds: `Deployment`, `DaemonSet`, `StatefulSet`, `CronJob`. */
            kinds?: string[];
            /** @description Only in these namespaces. A tenant other than the default one may follow the namespace of its own name alone. */
            namespaces?: string[];
            /** @description Only those with these labels of their own, in Kubernetes' syntax, such as `tier=web,!canary`. */
            selector?: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_audit: {
        parameters: {
            query?: {
                /** @description Of an export: ndjson (default) or csv. */
                format?: string;
                /** @description Not before this time (RFC 3339). */
                from?: string;
                /** @description 1 to 1000, default 50; larger becomes 1000. Not for an export, which is whole. */
                limit?: number;
                /** @description Records to pass over, default 0. Not for an export. */
                offset?: number;
                /** @description Of this operation, for example create_task. */
                operation?: string;
                /** @description To this resource or what is below it, for example tasks/nightly. */
                resource?: string;
                /** @description Comma list of ok, denied, refused, failed. Default: all. */
                result?: string;
                /** @description Of this person or program. */
                subject?: string;
                /** @description Only of this tenant. One's own where it is absent; a system admin's is everybody's. */
                tenant?: string;
                /** @description Before this time (RFC 3339). */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A part of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    export_audit: {
        parameters: {
            query?: {
                /** @description Of an export: ndjson (default) or csv. */
                format?: string;
                /** @description Not before this time (RFC 3339). */
                from?: string;
                /** @description 1 to 1000, default 50; larger becomes 1000. Not for an export, which is whole. */
                limit?: number;
                /** @description Records to pass over, default 0. Not for an export. */
                offset?: number;
                /** @description Of this operation, for example create_task. */
                operation?: string;
                /** @description To this resource or what is below it, for example tasks/nightly. */
                resource?: string;
                /** @description Comma list of ok, denied, refused, failed. Default: all. */
                result?: string;
                /** @description Of this person or program. */
                subject?: string;
                /** @description Only of this tenant. One's own where it is absent; a system admin's is everybody's. */
                tenant?: string;
                /** @description Before this time (RFC 3339). */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One record a line */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    login_methods: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The ways */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginMethods"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    oidc_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExchangeCode"];
            };
        };
        responses: {
            /** @description Logged in */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedIn"];
                };
            };
            /** @description There is no code, neither in the body nor in the cookie */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The code is none, is over, was spent, or is another program's */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    list_channels: {
        parameters: {
            query?: {
                /** @description 1 to 1000, default 10; larger becomes 1000. */
                limit?: number;
                /** @description Channels to pass over, default 0. */
                offset?: number;
                /** @description Only of this tenant. One's own where it is absent; a system admin's is everybody's. */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A part of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelPage"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    create_channel: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateChannel"];
            };
        };
        responses: {
            /** @description Saved */
            201: {
                headers: {
                    /** @description The channel's path */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
            /** @description A field breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The name is taken, or there is no key to encrypt with */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    get_channel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The channel */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
            /** @description The id is no number */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    update_channel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateChannel"];
            };
        };
        responses: {
            /** @description The channel */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
            /** @description A field breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The name is taken, or the old secrets cannot be read */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    delete_channel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed, or not there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The id is no number */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description A schedule or an open task names it; the details say which */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    list_channel_deliveries: {
        parameters: {
            query?: {
                /** @description Only about the task or schedule of this id, or the node of this name. */
                about?: string;
                /** @description 1 to 1000, default 10; larger becomes 1000. */
                limit?: number;
                /** @description Deliveries to pass over, default 0. */
                offset?: number;
                /** @description Comma list of queued, delivered, failed. Default: all. */
                status?: string;
                /** @description Only of this tenant. One's own where it is absent; a system admin's is everybody's. */
                tenant?: string;
            };
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A part of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryPage"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such channel */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    test_channel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What came of it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The secrets cannot be read */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    list_deliveries: {
        parameters: {
            query?: {
                /** @description Only about the task or schedule of this id, or the node of this name. */
                about?: string;
                /** @description 1 to 1000, default 10; larger becomes 1000. */
                limit?: number;
                /** @description Deliveries to pass over, default 0. */
                offset?: number;
                /** @description Comma list of queued, delivered, failed. Default: all. */
                status?: string;
                /** @description Only of this tenant. One's own where it is absent; a system admin's is everybody's. */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A part of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryPage"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    replay_delivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Queued */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It is queued already */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    events: {
        parameters: {
            query: {
                /** @description Where an earlier stream ended, for clients that cannot set the header `Last-Event-ID`. */
                lastEventId?: string;
                /**
                 * @description Comma list of `tasks`, `nodes`, `changes` and `task:{id}`.
                 * @example tasks,nodes
                 */
                topics: string;
            };
            header?: {
                /** @description Where an earlier stream ended */
                "Last-Event-ID"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Data of `snapshot` and `resync` is a SnapshotEvent, data of `delta` a DeltaEvent */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["DeltaEvent"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such task */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    list_library: {
        parameters: {
            query?: {
                /** @description 1 to 1000, default 10; larger becomes 1000. */
                limit?: number;
                /** @description Images to pass over, default 0. */
                offset?: number;
                /** @description Only images with this tag. */
                tag?: string;
                /** @description Only of this tenant. One's own where it is absent; a system admin's is everybody's. */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A part of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LibraryPage"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    add_to_library: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LibraryRequest"];
            };
        };
        responses: {
            /** @description Added */
            201: {
                headers: {
                    /** @description The entry's path */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LibraryImage"];
                };
            };
            /** @description A field breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The image is there already */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    update_library: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LibraryRequest"];
            };
        };
        responses: {
            /** @description The entry */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LibraryImage"];
                };
            };
            /** @description A field breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Another entry has the image */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    delete_library: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed, or not there */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LibraryDeleted"];
                };
            };
            /** @description The id is no number */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    import_library: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LibraryImport"];
            };
        };
        responses: {
            /** @description What became of each */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LibraryImportResult"];
                };
            };
            /** @description None, or too many */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    get_limits: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The limits */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Limits"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    set_limits: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetLimits"];
            };
        };
        responses: {
            /** @description The limits */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Limits"];
                };
            };
            /** @description A field breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The store cannot write */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    update_limits: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateLimits"];
            };
        };
        responses: {
            /** @description The limits */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Limits"];
                };
            };
            /** @description A field breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The store cannot write */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    set_log_level: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetLogLevel"];
            };
        };
        responses: {
            /** @description The coordinator */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["System"];
                };
            };
            /** @description It is no filter */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description Logged in */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedIn"];
                };
            };
            /** @description A field breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Name and password do not fit */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Too many tries; Retry-After says how long to wait */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Logged out */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description The caller is an API token */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    who_am_i: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Identity is off: the caller is nobody */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    group_nodes: {
        parameters: {
            query: {
                /**
                 * @description `label_keys` (a node counts with each key that it has), `label:KEY`, `agent_version`, `runtime`, `platform` or `state`.
                 * @example label:pool
                 */
                by: string;
                /** @description Largest number of groups, 1 to 1000, default 100; larger becomes 1000. */
                limit?: number;
                /** @description `true`: with the names of the nodes in each group. */
                names?: boolean;
                /** @description Words that must all be in the name or in a label written as `key=value`, in any case; at most 512 characters. */
                q?: string;
                /**
                 * @description Conditions on labels in Kubernetes' syntax; all must hold.
                 * @example pool in (gpu,cpu),zone=a,!spot
                 */
                selector?: string;
                /**
                 * @description Comma list of `ready`, `not_ready`, `draining` and `offline`; all when absent.
                 * @example not_ready,offline
                 */
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The groups */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeGroups"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    list_nodes: {
        parameters: {
            query?: {
                /** @description 1 to 1000, default 100; larger becomes 1000. */
                limit?: number;
                /** @description Nodes to pass over, default 0. */
                offset?: number;
                /** @description Words that must all be in the name or in a label written as `key=value`, in any case; at most 512 characters. */
                q?: string;
                /**
                 * @description Conditions on labels in Kubernetes' syntax; all must hold.
                 * @example pool in (gpu,cpu),zone=a,!spot
                 */
                selector?: string;
                /**
                 * @description `name` (default), `state` (what needs attention first), `disk` (the fullest first), `pulls` (the busiest first) or `images` (the
                 *     fewest first).
                 */
                sort?: string;
                /**
                 * @description Comma list of `ready`, `not_ready`, `draining` and `offline`; all when absent.
                 * @example not_ready,offline
                 */
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A part of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodePage"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    get_node: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The node */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Node"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    list_node_pulls: {
        parameters: {
            query?: {
                /** @description Only of this image, written as in the task. */
                image?: string;
                /** @description 1 to 1000, default 100; larger becomes 1000. */
                limit?: number;
                /** @description Pulls to pass over, default 0. */
                offset?: number;
                /**
                 * @description Comma list of states; all when absent.
                 * @example failed,skipped
                 */
                state?: string;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A part of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PullPage"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    list_policies: {
        parameters: {
            query?: {
                /** @description 1 to 100, default 10; larger becomes 100. */
                limit?: number;
                /** @description Policies to pass over, default 0. */
                offset?: number;
                /** @description Only of this tenant. One's own where it is absent; a system admin's is everybody's. */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A part of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyPage"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    create_policy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreatePolicy"];
            };
        };
        responses: {
            /** @description `dryRun`: what it would find; nothing is saved or ordered */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyCoverage"];
                };
            };
            /** @description Made */
            201: {
                headers: {
                    /** @description The policy's path */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            /** @description A field breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The tenant has a policy of this name */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The store cannot write */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    get_policy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The policy */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    update_policy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdatePolicy"];
            };
        };
        responses: {
            /** @description The policy */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            /** @description A field breaks a rule; nothing has changed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The tenant has another policy of this name */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The store cannot write */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    delete_policy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    get_policy_coverage: {
        parameters: {
            query?: {
                /** @description Only of this image. */
                image?: string;
                /** @description 1 to 1000 cells, default 100; larger becomes 1000. */
                limit?: number;
                /** @description Only on this node. */
                node?: string;
                /** @description Cells to pass over, default 0. */
                offset?: number;
                /** @description Only in these states: `warm`, `cold`, `paused`, `unknown`, separated by commas. */
                state?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The coverage */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyCoverage"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    pause_policy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PausePolicy"] | null;
            };
        };
        responses: {
            /** @description The policy */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    resume_policy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The policy */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    purge_images: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Purge"];
            };
        };
        responses: {
            /** @description What became of each image on each node */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PurgeOutcome"];
                };
            };
            /** @description A field breaks a rule, or no node matches */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such task */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    refresh: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Refresh"];
            };
        };
        responses: {
            /** @description New tokens */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedIn"];
                };
            };
            /** @description The token is none, was used before, or its log-in is over */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    list_schedules: {
        parameters: {
            query?: {
                /** @description `true` or `false`: only those that are switched on, or off. */
                enabled?: boolean;
                /** @description 1 to 100, default 10; larger becomes 100. */
                limit?: number;
                /** @description Schedules to pass over, default 0. */
                offset?: number;
                /** @description `-created` (default, newest first), or `next` (the next run first). */
                sort?: string;
                /** @description Only of this tenant. One's own where it is absent; a system admin's is everybody's. */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A part of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduledTaskPage"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    create_schedule: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateScheduledTask"];
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    /** @description The schedule's path */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduledTask"];
                };
            };
            /** @description A field breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Over 1 MiB */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The store cannot write */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    get_schedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The schedule */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduledTask"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    update_schedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateScheduledTask"];
            };
        };
        responses: {
            /** @description The schedule */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduledTask"];
                };
            };
            /** @description A field breaks a rule; nothing has changed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Over 1 MiB */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The store cannot write */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    delete_schedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduledTaskAction"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    disable_schedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is off */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduledTaskAction"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    enable_schedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is on */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduledTaskAction"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    list_executions: {
        parameters: {
            query?: {
                /** @description 1 to 100, default 10; larger becomes 100. */
                limit?: number;
                /** @description Executions to pass over, default 0. */
                offset?: number;
                /**
                 * @description Comma list of statuses; all when absent.
                 * @example failed,timeout
                 */
                status?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A part of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionPage"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    get_execution: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                executionId: number;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The execution */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Execution"];
                };
            };
            /** @description The number is none */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The schedule has no such execution */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    trigger_schedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A run was started */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduledTaskAction"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It is disabled, the run is left out or waits, or its task cannot be made; `details` says which */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    list_secrets: {
        parameters: {
            query?: {
                /** @description From 1, default 1. */
                page?: number;
                /** @description 1 to 1000, default 10; larger becomes 1000. */
                pageSize?: number;
                /** @description Only of this tenant. One's own where it is absent; a system admin's is everybody's. */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A part of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretPage"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    create_secret: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SecretRequest"];
            };
        };
        responses: {
            /** @description Saved */
            201: {
                headers: {
                    /** @description The credential's path */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Secret"];
                };
            };
            /** @description A field breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The name is taken, or there is no key to encrypt with */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    get_secret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The credential */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Secret"];
                };
            };
            /** @description The id is no number */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    update_secret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SecretRequest"];
            };
        };
        responses: {
            /** @description The credential */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Secret"];
                };
            };
            /** @description A field breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The name is taken, or the old password cannot be read */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    delete_secret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed, or not there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The id is no number */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description A schedule or an open task uses it; the details name them */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    test_secret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What happened */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretTest"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The password cannot be read */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    get_stats: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Numbers */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stats"];
                };
            };
            /** @description The store cannot be read */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    get_system: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The coordinator */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["System"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    list_tasks: {
        parameters: {
            query?: {
                /** @description 1 to 100, default 10; larger becomes 100. */
                limit?: number;
                /** @description Tasks to pass over, default 0. */
                offset?: number;
                /** @description Only what this policy has ordered. */
                policy_id?: string;
                /**
                 * @description Part of an id or of an image, in any case; at most 512 characters.
                 * @example nginx
                 */
                q?: string;
                /**
                 * @description `created`, `started` or `finished`, with `-` before it when descending. Default: `-created`.
                 * @example -finished
                 */
                sort?: string;
                /**
                 * @description Comma list of statuses; all when absent.
                 * @example pending,running
                 */
                status?: string;
                /** @description Only of this tenant. One's own where it is absent; a system admin's is everybody's. */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A part of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskPage"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    create_task: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateTask"];
            };
        };
        responses: {
            /** @description `dryRun`: what it would do; nothing is saved */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskPreview"];
                };
            };
            /** @description Accepted */
            201: {
                headers: {
                    /** @description The task's path */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description A field breaks a rule, or the selector matches no node */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The id is taken */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Over 1 MiB */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description A quota of the tenant is used up */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The store cannot write */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    get_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    delete_task: {
        parameters: {
            query?: {
                /** @description `delete` removes the record and nothing else; absent: cancel a task that has not ended, remove one that has. */
                mode?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskDeleted"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description `mode=delete` and it has not ended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    cancel_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It has ended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    clone_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CreateTask"] | null;
            };
        };
        responses: {
            /** @description `dryRun`: what it would do; nothing is saved */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskPreview"];
                };
            };
            /** @description Accepted */
            201: {
                headers: {
                    /** @description The task's path */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description A field breaks a rule, or nothing matches */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The new id is taken */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    pause_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It is paused or has ended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    list_pulls: {
        parameters: {
            query?: {
                /** @description Only of this image, written as in the task. */
                image?: string;
                /** @description 1 to 1000, default 100; larger becomes 1000. */
                limit?: number;
                /** @description Only of this node. */
                node?: string;
                /** @description Pulls to pass over, default 0. */
                offset?: number;
                /**
                 * @description Comma list of states; all when absent.
                 * @example failed,skipped
                 */
                state?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A part of the list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PullPage"];
                };
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    resume_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It is not paused */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    retry_task: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It was cancelled, or nothing of it has failed */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    bulk_tasks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkTasks"];
            };
        };
        responses: {
            /** @description What became of each */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkOutcome"];
                };
            };
            /** @description A field breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    preview_task: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateTask"];
            };
        };
        responses: {
            /** @description What it would do */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskPreview"];
                };
            };
            /** @description A field breaks a rule, or nothing matches */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    get_own_tenant: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tenant */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    list_tenants: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tenants */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenants"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    create_tenant: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateTenant"];
            };
        };
        responses: {
            /** @description The tenant */
            201: {
                headers: {
                    /** @description The tenant's path */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description A field breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The id is another tenant's, or was */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    get_tenant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tenant */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    update_tenant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateTenant"];
            };
        };
        responses: {
            /** @description The tenant */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description A field breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    delete_tenant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It still owns something, or is the default tenant */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    list_tokens: {
        parameters: {
            query?: {
                /** @description Only of this tenant. One's own where it is absent; a system admin's is everybody's. */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tokens, without the secret */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    create_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateToken"];
            };
        };
        responses: {
            /** @description The token with its secret */
            201: {
                headers: {
                    /** @description The token's path */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewToken"];
                };
            };
            /** @description A field breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The role is above the caller's, or the caller is a token itself */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    revoke_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked, or was before */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The id is no number */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    list_users: {
        parameters: {
            query?: {
                /** @description Only of this tenant. One's own where it is absent; a system admin's is everybody's. */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The users */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"][];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    create_user: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateUser"];
            };
        };
        responses: {
            /** @description The user */
            201: {
                headers: {
                    /** @description The user's path */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description A field breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The role is above the caller's */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The name is taken */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    get_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    update_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateUser"];
            };
        };
        responses: {
            /** @description Changed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserUpdated"];
                };
            };
            /** @description A field breaks a rule, or the current password is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The role does not allow it */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description No such id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It is the last system admin */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    delete_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed, or not there */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description The id is no number */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description The user's role is above the caller's */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description It is the last system admin */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    oidc_callback: {
        parameters: {
            query?: {
                /** @description Of the provider, for once. */
                code?: string;
                /** @description Why the provider refuses. */
                error?: string;
                /** @description Which provider says so. */
                iss?: string;
                /** @description As the browser was sent with. */
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description To where the log-in began */
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description This browser began no such log-in, or too long ago */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The provider refuses, or its token is not good */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description None of the person's groups has a role here, or its user is disabled */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The person's name is taken by another user */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Too many tries from this address */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The provider does not answer */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    oidc_login: {
        parameters: {
            query?: {
                /** @description SHA-256 as hex of what only that program knows. */
                challenge?: string;
                /** @description Page of the console to go on at, a path of this server. */
                next?: string;
                /** @description Port on 127.0.0.1 where a program waits, 1024 to 65535; with `challenge`. */
                port?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description To the provider; a cookie remembers the log-in for 10 minutes */
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A parameter is wrong */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description No provider is set */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description The provider does not answer */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Yes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Yes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Figures */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Yes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description It cannot serve; with a log-in, `reasons` says why */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Any other error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
}
