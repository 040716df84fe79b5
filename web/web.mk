# `make web`: the page for browsers, in $(B)/web (docs/web.md). It is all laid out anew when any
# part of it has changed; the set-up brings node, the emulator and the terminal if they are missing.

WEB_PARTS := tools/web tools/web-deps tools/notices LICENSE $(filter-out %.mk,$(wildcard web/*)) \
    $(filter-out apps/linux/%,$(wildcard apps/*/README.md)) apps/httpd/site/ringlet.svg

# Not linux: it wants more memory than the page's machine has.
WEB_APPS := $(filter-out linux,$(APPS))

web: $(B)/web/images.json
$(B)/web/images.json: $(WEB_PARTS) $(WEB_APPS:%=$(B)/%.elf) $(B)/site.tar $(NOTICES_OF_KIT)
	$(Q)tools/setup web
	$(Q)tools/web $(B) $(WEB_APPS)
.PHONY: web
