package io.silkstone.shell.session;

import java.util.Hashtable;
import java.util.List;
import org.apache.felix.gogo.jline.Builtin;
import org.apache.felix.gogo.jline.Converters;
import org.apache.felix.gogo.jline.Procedural;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.Converter;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;

/**
 * Gogo's own tools for working on answers, published by us: the activator that comes with them also
 * opens the process's terminal and a shell on it, which would fight with ours for the keys.
 */
final class GogoCommands {
    private static final String SCOPE = "gogo";
    private static final List<String> TEXT =
            List.of(
                    "cat", "clear", "date", "echo", "grep", "head", "less", "ls", "cd", "pwd",
                    "sleep", "sort", "tail", "watch", "wc");
    private static final List<String> CONTROL =
            List.of("each", "if", "not", "throw", "try", "until", "while", "break", "continue");
    private static final List<String> SESSION =
            List.of("format", "set", "tac", "type", "jobs", "fg", "bg", "history");

    private GogoCommands() {}

    /** Publishes the tools until the registrations are taken back. */
    static List<ServiceRegistration<?>> publish(BundleContext context, CommandProcessor processor) {
        return List.of(
                publish(context, TextTools.class, new TextTools(processor), TEXT),
                publish(context, Procedural.class, new Procedural(), CONTROL),
                publish(context, Builtin.class, new Builtin(), SESSION),
                context.registerService(Converter.class, new Converters(context), null));
    }

    private static <T> ServiceRegistration<T> publish(
            BundleContext context, Class<T> type, T tools, List<String> names) {
        Hashtable<String, Object> properties = new Hashtable<>();
        properties.put(CommandProcessor.COMMAND_SCOPE, SCOPE);
        properties.put(CommandProcessor.COMMAND_FUNCTION, names.toArray(String[]::new));
        return context.registerService(type, tools, properties);
    }
}
