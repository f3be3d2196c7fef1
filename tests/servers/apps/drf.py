"""Django REST Framework with its three paginations and its token authentication. Arguments: port, items.json, key."""

import json
import sys
from pathlib import Path

import django
from django.conf import settings
from waitress import serve

PORT, ITEMS, KEY = int(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()), sys.argv[3]
SIZE = 100
settings.configure(
    SECRET_KEY="local",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["rest_framework"],
    DATABASES={},
    REST_FRAMEWORK={
        "UNAUTHENTICATED_USER": None,
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import pagination, permissions, views  # noqa: E402


class HasKey(permissions.BasePermission):
    def has_permission(self, request, view):
        return request.headers.get("Authorization") == f"Token {KEY}"


class ByNumber(pagination.PageNumberPagination):
    page_size = SIZE


class ByOffset(pagination.LimitOffsetPagination):
    default_limit = max_limit = SIZE


class ListView(views.APIView):
    permission_classes = (HasKey,)
    paginator = ByNumber
    items = ITEMS

    def get(self, request):
        paginator = self.paginator()
        return paginator.get_paginated_response(paginator.paginate_queryset(self.items, request, view=self))


urlpatterns = [
    path("numbered", ListView.as_view()),
    path("offset", ListView.as_view(paginator=ByOffset)),
    # A multiple of the page size: the page after the last one is answered with 404.
    path("full", ListView.as_view(items=ITEMS[: 4 * SIZE])),
]
serve(get_wsgi_application(), host="127.0.0.1", port=PORT, _quiet=True)
