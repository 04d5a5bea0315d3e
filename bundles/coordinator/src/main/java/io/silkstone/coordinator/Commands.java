package io.silkstone.coordinator;

import io.silkstone.api.cluster.Cluster;
import io.silkstone.api.cluster.ServerId;
import io.silkstone.coordinator.commands.ConfirmDecoder;
import io.silkstone.coordinator.commands.ConfirmEncoder;
import io.silkstone.coordinator.commands.CutTabletDecoder;
import io.silkstone.coordinator.commands.CutTabletEncoder;
import io.silkstone.coordinator.commands.EndExpiredLeasesDecoder;
import io.silkstone.coordinator.commands.EndExpiredLeasesEncoder;
import io.silkstone.coordinator.commands.EndLeaseDecoder;
import io.silkstone.coordinator.commands.EndLeaseEncoder;
import io.silkstone.coordinator.commands.EnlistServerDecoder;
import io.silkstone.coordinator.commands.EnlistServerEncoder;
import io.silkstone.coordinator.commands.ExtendLeaseDecoder;
import io.silkstone.coordinator.commands.ExtendLeaseEncoder;
import io.silkstone.coordinator.commands.GiveTabletDecoder;
import io.silkstone.coordinator.commands.GiveTabletEncoder;
import io.silkstone.coordinator.commands.GrantLeaseDecoder;
import io.silkstone.coordinator.commands.GrantLeaseEncoder;
import io.silkstone.coordinator.commands.LogEpochRaisedDecoder;
import io.silkstone.coordinator.commands.LogEpochRaisedEncoder;
import io.silkstone.coordinator.commands.LossAcceptedDecoder;
import io.silkstone.coordinator.commands.LossAcceptedEncoder;
import io.silkstone.coordinator.commands.MakeTableDecoder;
import io.silkstone.coordinator.commands.MakeTableEncoder;
import io.silkstone.coordinator.commands.MessageHeaderDecoder;
import io.silkstone.coordinator.commands.MessageHeaderEncoder;
import io.silkstone.coordinator.commands.RemoveTableDecoder;
import io.silkstone.coordinator.commands.RemoveTableEncoder;
import io.silkstone.coordinator.commands.ServerDownDecoder;
import io.silkstone.coordinator.commands.ServerDownEncoder;
import io.silkstone.coordinator.commands.TabletArrivedDecoder;
import io.silkstone.coordinator.commands.TabletArrivedEncoder;
import io.silkstone.coordinator.commands.TabletLeftDecoder;
import io.silkstone.coordinator.commands.TabletLeftEncoder;
import io.silkstone.coordinator.commands.TabletRecalledDecoder;
import io.silkstone.coordinator.commands.TabletRecalledEncoder;
import io.silkstone.coordinator.commands.TabletTakenDecoder;
import io.silkstone.coordinator.commands.TabletTakenEncoder;
import io.silkstone.coordinator.commands.TakeLeadDecoder;
import io.silkstone.coordinator.commands.TakeLeadEncoder;
import io.silkstone.rpc.messages.Status;
import java.util.Arrays;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;

/**
 * Commands as messages: a method for each that writes it, and {@link #apply}, which has a state do
 * what one says. Threads: any; {@link #apply} as the state.
 */
final class Commands {
    private Commands() {}

    /** Room for a message, with its header written. */
    private static final class Message {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final MessageHeaderEncoder header = new MessageHeaderEncoder();

        byte[] bytes(int encodedLength) {
            return Arrays.copyOf(
                    buffer.byteArray(), MessageHeaderEncoder.ENCODED_LENGTH + encodedLength);
        }
    }

    static byte[] takeLead(
            long millis, long cluster, int serversFirst, int tabletsFirst, int replicas) {
        Message message = new Message();
        TakeLeadEncoder command = new TakeLeadEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header)
                .millis(millis)
                .cluster(cluster)
                .serversFirst(serversFirst)
                .tabletsFirst(tabletsFirst)
                .replicas((short) replicas);
        return message.bytes(command.encodedLength());
    }

    static byte[] confirm(long term) {
        Message message = new Message();
        ConfirmEncoder command = new ConfirmEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header).term(term);
        return message.bytes(command.encodedLength());
    }

    static byte[] enlist(
            long millis,
            long boot,
            long former,
            long leaseMicros,
            String node,
            String address,
            String redis,
            List<Cut> cuts) {
        Message message = new Message();
        EnlistServerEncoder command = new EnlistServerEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header)
                .millis(millis)
                .boot(boot)
                .leaseMicros(leaseMicros)
                .former(former)
                .node(node)
                .address(address)
                .redisEndpoint(redis);
        byte[] encoded = Cut.encoded(cuts);
        command.putCuts(encoded, 0, encoded.length);
        return message.bytes(command.encodedLength());
    }

    static byte[] down(long term, ServerId server, List<Cut> cuts) {
        Message message = new Message();
        ServerDownEncoder command = new ServerDownEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header)
                .term(term)
                .server(server.packed());
        byte[] encoded = Cut.encoded(cuts);
        command.putCuts(encoded, 0, encoded.length);
        return message.bytes(command.encodedLength());
    }

    /** Replicas may be {@link Cluster#DEFAULT_REPLICAS}. */
    static byte[] createTable(long call, String name, int tablets, int replicas) {
        boolean isUsual = replicas == Cluster.DEFAULT_REPLICAS;
        int wanted = isUsual ? MakeTableEncoder.replicasNullValue() : replicas;
        Message message = new Message();
        MakeTableEncoder command = new MakeTableEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header)
                .call(call)
                .tablets(tablets)
                .replicas((short) wanted)
                .name(name);
        return message.bytes(command.encodedLength());
    }

    static byte[] dropTable(long call, String name) {
        Message message = new Message();
        RemoveTableEncoder command = new RemoveTableEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header).call(call).name(name);
        return message.bytes(command.encodedLength());
    }

    static byte[] splitTablet(long call, String table, long hash) {
        Message message = new Message();
        CutTabletEncoder command = new CutTabletEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header)
                .call(call)
                .hash(hash)
                .tableName(table);
        return message.bytes(command.encodedLength());
    }

    static byte[] assignTablet(long call, String table, long hash, ServerId server) {
        Message message = new Message();
        GiveTabletEncoder command = new GiveTabletEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header)
                .call(call)
                .hash(hash)
                .server(server.packed())
                .tableName(table);
        return message.bytes(command.encodedLength());
    }

    static byte[] tabletLeft(
            ServerId server, int table, long firstHash, long epoch, boolean released) {
        Message message = new Message();
        TabletLeftEncoder command = new TabletLeftEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header)
                .server(server.packed())
                .firstHash(firstHash)
                .epoch(epoch)
                .table(table)
                .released((short) (released ? 1 : 0));
        return message.bytes(command.encodedLength());
    }

    static byte[] takeTablet(
            ServerId server,
            ServerId source,
            int table,
            long firstHash,
            long lastHash,
            long epoch) {
        Message message = new Message();
        TabletTakenEncoder command = new TabletTakenEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header)
                .server(server.packed())
                .source(source.packed())
                .firstHash(firstHash)
                .lastHash(lastHash)
                .epoch(epoch)
                .table(table);
        return message.bytes(command.encodedLength());
    }

    static byte[] migrationEnded(ServerId server, int table, long firstHash, long epoch) {
        Message message = new Message();
        TabletArrivedEncoder command = new TabletArrivedEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header)
                .server(server.packed())
                .firstHash(firstHash)
                .epoch(epoch)
                .table(table);
        return message.bytes(command.encodedLength());
    }

    static byte[] recallTablet(ServerId server, int table, long firstHash, long epoch) {
        Message message = new Message();
        TabletRecalledEncoder command = new TabletRecalledEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header)
                .server(server.packed())
                .firstHash(firstHash)
                .epoch(epoch)
                .table(table);
        return message.bytes(command.encodedLength());
    }

    static byte[] raiseLogEpoch(ServerId server, long epoch) {
        Message message = new Message();
        LogEpochRaisedEncoder command = new LogEpochRaisedEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header)
                .server(server.packed())
                .epoch(epoch);
        return message.bytes(command.encodedLength());
    }

    static byte[] acceptLoss(long call, ServerId server) {
        Message message = new Message();
        LossAcceptedEncoder command = new LossAcceptedEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header)
                .call(call)
                .server(server.packed());
        return message.bytes(command.encodedLength());
    }

    static byte[] openLease(long millis, long boot, long expiry) {
        Message message = new Message();
        GrantLeaseEncoder command = new GrantLeaseEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header)
                .millis(millis)
                .boot(boot)
                .expiry(expiry);
        return message.bytes(command.encodedLength());
    }

    static byte[] extendLease(long lease, long expiry) {
        Message message = new Message();
        ExtendLeaseEncoder command = new ExtendLeaseEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header).lease(lease).expiry(expiry);
        return message.bytes(command.encodedLength());
    }

    static byte[] endLease(long lease) {
        Message message = new Message();
        EndLeaseEncoder command = new EndLeaseEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header).lease(lease);
        return message.bytes(command.encodedLength());
    }

    static byte[] endExpiredLeases(long term, long millis) {
        Message message = new Message();
        EndExpiredLeasesEncoder command = new EndExpiredLeasesEncoder();
        command.wrapAndApplyHeader(message.buffer, 0, message.header).term(term).millis(millis);
        return message.bytes(command.encodedLength());
    }

    /**
     * Has {@code state} do what the command in {@code buffer} says. One that a newer version wrote
     * changes nothing, on all replicas of this version alike.
     */
    static Result apply(DirectBuffer buffer, CoordinatorState state) {
        MessageHeaderDecoder header = new MessageHeaderDecoder().wrap(buffer, 0);
        return switch (header.templateId()) {
            case TakeLeadDecoder.TEMPLATE_ID ->
                    applyTakeLead(
                            new TakeLeadDecoder().wrapAndApplyHeader(buffer, 0, header), state);
            case ConfirmDecoder.TEMPLATE_ID -> {
                ConfirmDecoder it = new ConfirmDecoder().wrapAndApplyHeader(buffer, 0, header);
                yield state.confirm(it.term());
            }
            case EnlistServerDecoder.TEMPLATE_ID ->
                    applyEnlist(
                            new EnlistServerDecoder().wrapAndApplyHeader(buffer, 0, header), state);
            case ServerDownDecoder.TEMPLATE_ID -> {
                ServerDownDecoder it =
                        new ServerDownDecoder().wrapAndApplyHeader(buffer, 0, header);
                byte[] cuts = new byte[it.cutsLength()];
                it.getCuts(cuts, 0, cuts.length);
                yield state.down(it.term(), ServerId.of(it.server()), Cut.decoded(cuts));
            }
            case MakeTableDecoder.TEMPLATE_ID -> {
                MakeTableDecoder it = new MakeTableDecoder().wrapAndApplyHeader(buffer, 0, header);
                boolean isUsual = it.replicas() == MakeTableDecoder.replicasNullValue();
                int replicas = isUsual ? Cluster.DEFAULT_REPLICAS : it.replicas();
                yield state.createTable(it.call(), it.name(), it.tablets(), replicas);
            }
            case RemoveTableDecoder.TEMPLATE_ID -> {
                RemoveTableDecoder it =
                        new RemoveTableDecoder().wrapAndApplyHeader(buffer, 0, header);
                yield state.dropTable(it.call(), it.name());
            }
            case CutTabletDecoder.TEMPLATE_ID -> {
                CutTabletDecoder it = new CutTabletDecoder().wrapAndApplyHeader(buffer, 0, header);
                yield state.splitTablet(it.call(), it.tableName(), it.hash());
            }
            case GiveTabletDecoder.TEMPLATE_ID -> {
                GiveTabletDecoder it =
                        new GiveTabletDecoder().wrapAndApplyHeader(buffer, 0, header);
                ServerId server = ServerId.of(it.server());
                yield state.assignTablet(it.call(), it.tableName(), it.hash(), server);
            }
            case TabletLeftDecoder.TEMPLATE_ID ->
                    applyTabletLeft(
                            new TabletLeftDecoder().wrapAndApplyHeader(buffer, 0, header), state);
            case LogEpochRaisedDecoder.TEMPLATE_ID -> {
                LogEpochRaisedDecoder it =
                        new LogEpochRaisedDecoder().wrapAndApplyHeader(buffer, 0, header);
                yield state.raiseLogEpoch(ServerId.of(it.server()), it.epoch());
            }
            case LossAcceptedDecoder.TEMPLATE_ID -> {
                LossAcceptedDecoder it =
                        new LossAcceptedDecoder().wrapAndApplyHeader(buffer, 0, header);
                yield state.acceptLoss(it.call(), ServerId.of(it.server()));
            }
            case TabletTakenDecoder.TEMPLATE_ID,
                    TabletArrivedDecoder.TEMPLATE_ID,
                    TabletRecalledDecoder.TEMPLATE_ID ->
                    applyToMigrations(buffer, header, state);
            default -> applyToLeases(buffer, header, state);
        };
    }

    private static Result applyTakeLead(TakeLeadDecoder it, CoordinatorState state) {
        boolean isOld = it.replicas() == TakeLeadDecoder.replicasNullValue();
        return state.takeLead(
                it.millis(),
                it.cluster(),
                it.serversFirst(),
                it.tabletsFirst(),
                isOld ? 0 : it.replicas());
    }

    private static Result applyEnlist(EnlistServerDecoder it, CoordinatorState state) {
        String node = it.node();
        String address = it.address();
        String redis = it.redisEndpoint();
        byte[] cuts = new byte[it.cutsLength()];
        it.getCuts(cuts, 0, cuts.length);
        return state.enlist(
                it.millis(),
                it.boot(),
                it.former(),
                it.leaseMicros(),
                node,
                address,
                redis,
                Cut.decoded(cuts));
    }

    private static Result applyTabletLeft(TabletLeftDecoder it, CoordinatorState state) {
        return state.tabletLeft(
                ServerId.of(it.server()),
                (int) it.table(),
                it.firstHash(),
                it.epoch(),
                it.released() != 0);
    }

    private static Result applyToMigrations(
            DirectBuffer buffer, MessageHeaderDecoder header, CoordinatorState state) {
        return switch (header.templateId()) {
            case TabletTakenDecoder.TEMPLATE_ID -> {
                TabletTakenDecoder it =
                        new TabletTakenDecoder().wrapAndApplyHeader(buffer, 0, header);
                yield state.takeTablet(
                        ServerId.of(it.server()),
                        ServerId.of(it.source()),
                        (int) it.table(),
                        it.firstHash(),
                        it.lastHash(),
                        it.epoch());
            }
            case TabletArrivedDecoder.TEMPLATE_ID -> {
                TabletArrivedDecoder it =
                        new TabletArrivedDecoder().wrapAndApplyHeader(buffer, 0, header);
                ServerId server = ServerId.of(it.server());
                yield state.migrationEnded(server, (int) it.table(), it.firstHash(), it.epoch());
            }
            default -> {
                TabletRecalledDecoder it =
                        new TabletRecalledDecoder().wrapAndApplyHeader(buffer, 0, header);
                ServerId server = ServerId.of(it.server());
                yield state.recallTablet(server, (int) it.table(), it.firstHash(), it.epoch());
            }
        };
    }

    private static Result applyToLeases(
            DirectBuffer buffer, MessageHeaderDecoder header, CoordinatorState state) {
        return switch (header.templateId()) {
            case GrantLeaseDecoder.TEMPLATE_ID -> {
                GrantLeaseDecoder it =
                        new GrantLeaseDecoder().wrapAndApplyHeader(buffer, 0, header);
                yield state.openLease(it.millis(), it.boot(), it.expiry());
            }
            case ExtendLeaseDecoder.TEMPLATE_ID -> {
                ExtendLeaseDecoder it =
                        new ExtendLeaseDecoder().wrapAndApplyHeader(buffer, 0, header);
                yield state.extendLease(it.lease(), it.expiry());
            }
            case EndLeaseDecoder.TEMPLATE_ID -> {
                EndLeaseDecoder it = new EndLeaseDecoder().wrapAndApplyHeader(buffer, 0, header);
                yield state.endLease(it.lease());
            }
            case EndExpiredLeasesDecoder.TEMPLATE_ID -> {
                EndExpiredLeasesDecoder it =
                        new EndExpiredLeasesDecoder().wrapAndApplyHeader(buffer, 0, header);
                yield state.endExpiredLeases(it.term(), it.millis());
            }
            default -> Result.no(Status.UNKNOWN_REQUEST, "");
        };
    }
}
