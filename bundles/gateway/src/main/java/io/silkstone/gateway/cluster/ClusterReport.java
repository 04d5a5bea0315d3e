package io.silkstone.gateway.cluster;

import io.silkstone.api.cluster.ClusterMap.Server;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.api.store.Key;
import io.silkstone.gateway.cluster.Routes.Span;
import java.util.List;
import java.util.stream.Stream;

/**
 * One map of the cluster in Redis's words. A server is a master without replicas; a cluster bus
 * there is none, which Redis writes as its port 0.
 */
public final class ClusterReport {
    private final Routes routes;
    private final List<Server> servers;

    /**
     * Of {@code routes}.
     *
     * @param node this node's name for ever
     * @param host where its clients are to come while the map does not say so
     */
    public ClusterReport(Routes routes, String node, String host, int port) {
        this.routes = routes;
        Server known = routes.map().server(routes.self());
        if (known == null) {
            Server self = new Server(routes.self(), true, node, "", host + ":" + port);
            // A node that is not enlisted again yet is in the map as it was before.
            List<Server> others =
                    routes.map().servers().stream()
                            .filter(server -> !server.node().equals(node))
                            .toList();
            servers = Stream.concat(Stream.of(self), others.stream()).toList();
        } else {
            servers = routes.map().servers();
        }
    }

    /** Every server, this node among them. */
    public List<Server> servers() {
        return servers;
    }

    /** The slots of a server, in their order. */
    public List<Span> spans(ServerId server) {
        return routes.spans().stream().filter(span -> span.owner().equals(server)).toList();
    }

    /** All slots that somebody serves. */
    public List<Span> served() {
        return routes.spans().stream().filter(Span::served).toList();
    }

    /** The name for ever of this node. */
    public String self() {
        return servers.stream()
                .filter(server -> server.id().equals(routes.self()))
                .findFirst()
                .orElseThrow()
                .node();
    }

    /** CLUSTER NODES: a line for each server. */
    public String nodes() {
        StringBuilder text = new StringBuilder();
        for (Server server : servers) {
            text.append(server.node()).append(' ');
            Endpoint endpoint = Endpoint.of(server.redisEndpoint());
            text.append(endpoint).append("@0 ");
            text.append(server.id().equals(routes.self()) ? "myself,master" : "master");
            text.append(server.up() ? "" : ",fail");
            text.append(endpoint.isNowhere() ? ",noaddr" : "");
            text.append(" - 0 0 ").append(epoch(server.id()));
            text.append(server.up() ? " connected" : " disconnected");
            for (Span span : spans(server.id())) {
                text.append(' ').append(span.first());
                if (span.last() > span.first()) {
                    text.append('-').append(span.last());
                }
            }
            text.append('\n');
        }
        return text.toString();
    }

    /** CLUSTER INFO: how much of it works. */
    public String info() {
        int assigned = routes.spans().stream().mapToInt(Span::slots).sum();
        int served = routes.spans().stream().filter(Span::served).mapToInt(Span::slots).sum();
        boolean works = served == Key.SLOTS && routes.mayTell();
        long owners = routes.spans().stream().map(Span::owner).distinct().count();
        return "cluster_enabled:1\r\ncluster_state:"
                + (works ? "ok" : "fail")
                + "\r\ncluster_slots_assigned:"
                + assigned
                + "\r\ncluster_slots_ok:"
                + served
                + "\r\ncluster_slots_pfail:0\r\ncluster_slots_fail:"
                + (assigned - served)
                + "\r\ncluster_known_nodes:"
                + servers.size()
                + "\r\ncluster_size:"
                + owners
                + "\r\ncluster_current_epoch:"
                + routes.map().version()
                + "\r\ncluster_my_epoch:"
                + epoch(routes.self())
                + "\r\n";
    }

    private long epoch(ServerId server) {
        return routes.map().tablets().stream()
                .filter(tablet -> tablet.owner().equals(server))
                .mapToLong(Tablet::epoch)
                .max()
                .orElse(0);
    }
}
