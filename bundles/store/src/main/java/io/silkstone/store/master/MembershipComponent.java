package io.silkstone.store.master;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ClusterMap;
import io.silkstone.api.cluster.ClusterMap.Tablet;
import io.silkstone.api.cluster.ClusterMap.TabletState;
import io.silkstone.api.metrics.MetricRegistry;
import io.silkstone.api.node.Node;
import io.silkstone.api.policy.PolicySlot;
import io.silkstone.api.threads.ThreadRuntime;
import io.silkstone.base.Checks;
import io.silkstone.base.NanoClock;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.RpcComponent;
import io.silkstone.store.StoreComponent;
import io.silkstone.store.durable.Flush;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * Makes this node's store a server of the cluster, and says how that goes. A node that is alone has
 * no {@link Rpc}, and is healthy.
 */
@Component(
        name = MembershipComponent.PID,
        immediate = true,
        service = HealthCheck.class,
        property = {HealthCheck.NAME + "=cluster", HealthCheck.TAGS + "=node"})
@Designate(ocd = MembershipComponent.Config.class)
@Capability(
        namespace = "osgi.service",
        attribute = "objectClass:List<String>=\"io.silkstone.api.cluster.Cluster\"")
@Capability(
        namespace = "osgi.service",
        attribute = {
            "objectClass:List<String>=\"io.silkstone.api.policy.PolicySlot\"",
            "silkstone.kind=migration"
        })
public final class MembershipComponent implements HealthCheck {
    static final String PID = "io.silkstone.store.membership";

    private static final Logger LOG = System.getLogger(MembershipComponent.class.getName());
    private static final String PORT_BASE_DEFAULT = "7600";
    private static final Pattern ENDPOINT = Pattern.compile("\\S+:[0-9]{1,5}");
    private static final Pattern HOST = Pattern.compile("[a-z][a-z0-9-]*:(\\S+):[0-9]+(\\?.*)?");

    private static final String BACKUP = "data/backup";

    private final String redisEndpoint;
    private final NodeBackup.Options backupOptions;
    private final boolean apart;
    private final boolean withoutRpc;
    private final NodeBackup backup;
    private final ClusterMember member;
    private final List<ServiceRegistration<?>> registrations;

    /** Settings; see the bundle's README. */
    @ObjectClassDefinition(name = "Silkstone store: membership of a cluster")
    @interface Config {
        /** Where Redis clients come. */
        @AttributeDefinition(
                description =
                        "where Redis clients of the cluster are told to come, as host:port; empty"
                                + " for the transport's host and the node's first port. Applies at"
                                + " the next start.")
        String redis_endpoint() default "";

        /** See {@link Flush}. */
        @AttributeDefinition(
                description =
                        "When what this server keeps of other servers' logs is acknowledged to"
                                + " them: NEVER (when the operating system has it), INTERVAL"
                                + " (likewise, and safe after an interval), ALWAYS (when the disk"
                                + " has it). Applies at the next start.")
        Flush backup_flush() default Flush.INTERVAL;

        /** See {@link Flush#INTERVAL}. */
        @AttributeDefinition(
                description =
                        "Milliseconds between two syncs when backup.flush is INTERVAL. Applies at"
                                + " the next start.",
                min = "1",
                max = "" + NodeBackup.INTERVAL_MS_MAX)
        int backup_flush_interval_ms() default 1000;
    }

    /** Enlists the store if this node belongs to a cluster. */
    @Activate
    public MembershipComponent(
            Config config,
            BundleContext context,
            @Reference Node node,
            @Reference ThreadRuntime threads,
            @Reference StoreComponent store,
            @Reference MetricRegistry metrics,
            @Reference(
                            service = Rpc.class,
                            cardinality = ReferenceCardinality.OPTIONAL,
                            policyOption = ReferencePolicyOption.GREEDY)
                    Map.Entry<Map<String, Object>, Rpc> service) {
        redisEndpoint = checked(config);
        backupOptions = backupOptions(config);
        apart = service != null && !store.isPart();
        withoutRpc = service == null && store.isPart();
        if (service == null || apart) {
            backup = null;
            member = null;
            registrations = List.of();
            return;
        }
        Rpc rpc = service.getValue();
        Checks.require(
                !rpc.address().isEmpty(),
                "a node of a cluster must be reached by others: set listen.enabled = true in"
                        + " etc/io.silkstone.transport-aeron.transport.cfg");
        String[] coordinators = (String[]) service.getKey().get(RpcComponent.COORDINATORS);
        MasterOptions options =
                new MasterOptions(
                        node.id(),
                        rpc.address(),
                        redisEndpoint.isEmpty()
                                ? endpoint(
                                        rpc.address(), context.getProperty("silkstone.port.base"))
                                : redisEndpoint,
                        List.of(coordinators));
        MigrationSlot strategies = new MigrationSlot(NanoClock.SYSTEM);
        String home = context.getProperty("silkstone.home");
        backup =
                new NodeBackup(
                        rpc,
                        Path.of(home, BACKUP),
                        backupOptions,
                        NanoClock.SYSTEM,
                        new SplittableRandom(),
                        metrics);
        try {
            member =
                    new ClusterMember(
                            options,
                            rpc,
                            threads,
                            store.replicated(),
                            predecessor(home, context.getProperty("silkstone.home.hold")),
                            backup.service(),
                            strategies,
                            new SplittableRandom());
        } catch (RuntimeException e) {
            backup.close();
            throw e;
        }
        backup.start();
        Dictionary<String, Object> kind = new Hashtable<>();
        kind.put("silkstone.kind", strategies.kind());
        registrations =
                List.of(
                        context.registerService(Cluster.class, member, null),
                        context.registerService(PolicySlot.class, strategies, kind));
    }

    /** Without a hold nobody says that this process has the home for itself. */
    private static Predecessor predecessor(String home, String hold) {
        return hold == null || hold.isEmpty()
                ? Predecessor.UNKNOWN
                : new HomeRecord(Path.of(home, "data/member"), hold);
    }

    static String checked(Config config) {
        String endpoint = config.redis_endpoint().strip();
        Checks.require(
                endpoint.isEmpty() || ENDPOINT.matcher(endpoint).matches(),
                "redis.endpoint must be host:port or empty, was '%s'",
                endpoint);
        return endpoint;
    }

    static NodeBackup.Options backupOptions(Config config) {
        return new NodeBackup.Options(config.backup_flush(), config.backup_flush_interval_ms());
    }

    /** The host at which the transport is reached, with the port of the node's Redis clients. */
    static String endpoint(String address, String portBase) {
        Matcher matcher = HOST.matcher(address);
        String host = matcher.matches() ? matcher.group(1) : "127.0.0.1";
        return host + ":" + (portBase == null || portBase.isEmpty() ? PORT_BASE_DEFAULT : portBase);
    }

    /** The cluster keeps what it was told when this node enlisted. */
    @Modified
    void modified(Config config) {
        boolean isSame =
                checked(config).equals(redisEndpoint)
                        && backupOptions(config).equals(backupOptions);
        if (!isSame) {
            LOG.log(Level.WARNING, "{0}: what was edited applies from the next start", PID);
        }
    }

    /** What the node's health says of the cluster. */
    @Override
    public Result execute() {
        if (apart) {
            return new Result(
                    Result.Status.CRITICAL,
                    "The store was opened for a node that is alone: start the node again.");
        }
        if (withoutRpc) {
            return new Result(
                    Result.Status.CRITICAL,
                    "This node serves nothing: it belongs to a cluster, and has no way to it; see"
                            + " node:why "
                            + RpcComponent.PID
                            + '.');
        }
        if (member == null) {
            return new Result(Result.Status.OK, "This node is alone.");
        }
        if (!member.isMember()) {
            return new Result(
                    Result.Status.CRITICAL, "This node serves nothing: " + member.status() + '.');
        }
        String known = "This node is " + member.status() + '.';
        String losses = losses(member.map());
        return losses.isEmpty()
                ? new Result(Result.Status.OK, known)
                : new Result(Result.Status.WARN, known + ' ' + losses);
    }

    /**
     * Which servers are missed, and how many tablets nobody serves or are still being put together
     * out of their logs; empty when there are none. A server that is down and whose tablets others
     * have is not missed: it may have left for ever.
     */
    static String losses(ClusterMap map) {
        List<Tablet> lost =
                map.tablets().stream().filter(one -> one.state() == TabletState.LOST).toList();
        List<Tablet> dependent =
                map.tablets().stream().filter(one -> !one.logs().isEmpty()).toList();
        List<String> missed =
                Stream.concat(
                                lost.stream().map(Tablet::owner),
                                dependent.stream().flatMap(one -> one.logs().stream()))
                        .distinct()
                        .sorted()
                        .map(Object::toString)
                        .toList();
        if (missed.isEmpty()) {
            return "";
        }
        List<String> parts = new ArrayList<>();
        if (!lost.isEmpty()) {
            parts.add(count(lost) + " lost");
        }
        if (!dependent.isEmpty()) {
            parts.add(count(dependent) + " being recovered");
        }
        return "%s %s down; %s, see `tablet:list`."
                .formatted(
                        (missed.size() == 1 ? "Server " : "Servers ") + String.join(", ", missed),
                        missed.size() == 1 ? "is" : "are",
                        String.join(", ", parts));
    }

    private static String count(List<Tablet> tablets) {
        return tablets.size() == 1 ? "1 tablet is" : tablets.size() + " tablets are";
    }

    /** Leaves the cluster, while the store and the way to the others are still there. */
    @Deactivate
    void close() {
        if (member != null) {
            registrations.forEach(ServiceRegistration::unregister);
            member.close();
            backup.close();
        }
    }
}
