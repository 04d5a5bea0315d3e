package io.silkstone.gateway.acl;

import io.silkstone.gateway.acl.AclUser.Rules;
import io.silkstone.gateway.resp.Glob;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;

/**
 * Applies rules to a user's present ones, one after the other:
 *
 * <pre>
 *   on  off  nopass  resetpass  reset
 *   &gt;password  &lt;password  #hash  !hash        add and remove passwords
 *   ~pattern  allkeys  resetkeys               keys
 *   +command  -command  +@category  -@category  allcommands  nocommands
 *   &amp;pattern  allchannels  resetchannels         accepted and without effect: no pub/sub here
 * </pre>
 */
final class AclRules {
    private static final String ALL = "+@all";

    private final CommandCatalogue catalogue;
    private final int iterations;
    private final RandomGenerator random;
    private final Runnable pause;

    private boolean on;
    private boolean noPassword;
    private List<PasswordHash> passwords;
    private boolean everyCommand;
    private BitSet commands;
    private List<String> commandRules;
    private boolean everyKey;
    private List<String> patterns;

    AclRules(
            CommandCatalogue catalogue,
            int iterations,
            RandomGenerator random,
            Runnable pause,
            Rules present) {
        this.catalogue = catalogue;
        this.iterations = iterations;
        this.random = random;
        this.pause = pause;
        start(present);
    }

    private void start(Rules present) {
        on = present.on();
        noPassword = present.noPassword();
        passwords = new ArrayList<>(present.passwords());
        everyCommand = present.everyCommand();
        commands = (BitSet) present.commands().clone();
        commandRules = new ArrayList<>(present.commandRules());
        everyKey = present.everyKey();
        patterns = new ArrayList<>(present.patternTexts());
    }

    Rules result() {
        List<Glob> globs =
                patterns.stream()
                        .map(text -> new Glob(text.getBytes(StandardCharsets.ISO_8859_1)))
                        .toList();
        return new Rules(
                on,
                noPassword,
                List.copyOf(passwords),
                everyCommand,
                commands,
                List.copyOf(commandRules),
                everyKey,
                globs,
                List.copyOf(patterns));
    }

    void apply(String rule) throws AclRefused {
        switch (rule.toLowerCase(Locale.ROOT)) {
            case "on" -> on = true;
            case "off" -> on = false;
            case "nopass" -> {
                noPassword = true;
                passwords.clear();
            }
            case "resetpass" -> {
                noPassword = false;
                passwords.clear();
            }
            case "reset" -> start(Rules.NONE);
            case "allkeys" -> everyKey = true;
            case "resetkeys" -> {
                everyKey = false;
                patterns.clear();
            }
            case "allcommands" -> allCommands(true);
            case "nocommands" -> allCommands(false);
            case "allchannels",
                    "resetchannels",
                    "clearselectors",
                    "sanitize-payload",
                    "skip-sanitize-payload" -> {
                // Known to Redis, without a meaning here.
            }
            default -> applyMarked(rule);
        }
    }

    private void applyMarked(String rule) throws AclRefused {
        String rest = rule.isEmpty() ? "" : rule.substring(1);
        switch (rule.isEmpty() ? ' ' : rule.charAt(0)) {
            case '>' -> {
                noPassword = false;
                passwords.add(PasswordHash.of(PasswordHash.bytes(rest), iterations, random, pause));
            }
            case '<' -> {
                byte[] password = PasswordHash.bytes(rest);
                if (!passwords.removeIf(hash -> hash.matches(password, pause))) {
                    throw refused(rule, "The password you are trying to remove is not there");
                }
            }
            case '#' -> {
                noPassword = false;
                passwords.add(hash(rule, rest));
            }
            case '!' -> passwords.remove(hash(rule, rest));
            case '~' -> {
                everyKey |= rest.equals("*");
                if (!everyKey && !patterns.contains(rest)) {
                    patterns.add(rest);
                }
            }
            case '&' -> {
                // Channels: there is no pub/sub here.
            }
            case '+', '-' -> applyCommand(rule, rest.toLowerCase(Locale.ROOT));
            default -> throw refused(rule, "Syntax error");
        }
    }

    private static PasswordHash hash(String rule, String text) throws AclRefused {
        PasswordHash hash = PasswordHash.parse(text);
        if (hash == null) {
            throw refused(
                    rule, "The password hash must be pbkdf2-sha256:<iterations>:<salt>:<hash>");
        }
        return hash;
    }

    private void applyCommand(String rule, String name) throws AclRefused {
        boolean add = rule.charAt(0) == '+';
        if (name.equals("@all")) {
            allCommands(add);
            return;
        }
        BitSet named;
        if (name.startsWith("@")) {
            named = catalogue.category(name.substring(1));
            if (named == null) {
                throw refused(rule, "Unknown command or category name in ACL");
            }
        } else {
            int number = catalogue.number(name);
            if (number < 0) {
                throw refused(rule, "Unknown command or category name in ACL");
            }
            named = new BitSet();
            named.set(number);
        }
        if (everyCommand && !add) {
            everyCommand = false;
            commands.set(0, catalogue.size());
        }
        if (add) {
            commands.or(named);
        } else {
            commands.andNot(named);
        }
        String text = (add ? "+" : "-") + name;
        String opposite = (add ? "-" : "+") + name;
        commandRules.remove(opposite);
        commandRules.remove(text);
        commandRules.add(text);
    }

    private void allCommands(boolean allowed) {
        everyCommand = allowed;
        commands.clear();
        if (allowed) {
            commands.set(0, catalogue.size());
        }
        commandRules.clear();
        commandRules.add(allowed ? ALL : "-@all");
    }

    private static AclRefused refused(String rule, String why) {
        // A password must not come back in an error.
        char marker = rule.isEmpty() ? ' ' : rule.charAt(0);
        String shown = marker == '>' || marker == '<' ? marker + "..." : rule;
        return new AclRefused("Error in ACL SETUSER modifier '" + shown + "': " + why);
    }
}
