package io.silkstone.gateway.command;

import io.silkstone.api.store.Status;
import io.silkstone.gateway.command.Command.Flag;
import io.silkstone.gateway.command.Command.Group;
import io.silkstone.gateway.resp.Memory;
import java.util.List;

/**
 * Silkstone's own: values with their versions, and writes that succeed only at a version. A client
 * reads with GETV, computes, and writes with CAS; it never has to watch or to lock.
 */
final class VersionCommands {
    private VersionCommands() {}

    static void declare(List<Command> all) {
        all.add(
                new Command(
                                "silkstone.getv",
                                Group.STRING,
                                "Returns a value's version and the value.",
                                2,
                                VersionCommands::getv,
                                Flag.READONLY,
                                Flag.FAST)
                        .key(1));
        all.add(
                new Command(
                                "silkstone.cas",
                                Group.STRING,
                                "Sets a value if the present one has a version; 0 for no value.",
                                4,
                                VersionCommands::cas,
                                Flag.WRITE,
                                Flag.DENYOOM,
                                Flag.FAST)
                        .key(1));
    }

    private static void getv(Exchange x) {
        Status seen = x.readString(x.key());
        if (seen == Status.OK) {
            x.out.array(2);
            x.out.integer(x.session.version());
            x.out.bulk(x.object());
        } else if (seen != null) {
            x.out.noArray();
        }
    }

    private static void cas(Exchange x) {
        if (!x.parseLong(2)) {
            return;
        }
        long wanted = x.parsed();
        if (wanted < 0) {
            x.out.error("ERR version is negative");
            return;
        }
        x.options.reset().keepExpiry();
        if (wanted == 0) {
            x.options.rejectIfExists();
        } else {
            x.options.requireVersion(wanted);
        }
        Status status =
                x.session.write(x.table, x.key(), Memory.ALL, x.address(3), x.length(3), x.options);
        switch (status) {
            case OK -> x.out.integer(x.session.version());
            case WRONG_VERSION, EXISTS, NOT_FOUND ->
                    x.out.error("WRONGVERSION The version is " + x.session.version());
            default -> x.refuse(status);
        }
    }
}
